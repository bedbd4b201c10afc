# What a Windows node sees of its disks, read anew at each call, in a few queries. No volume is touched: one may hang.

$script:Storage = 'root/Microsoft/Windows/Storage'
$script:Machine = 'root/cimv2'

# SCSI controllers of Hyper-V, as the instance ids of their devices begin.
$script:ScsiControllers = 'VMBUS\{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}\'
$script:ScsiDevices = 'SCSI\'
$script:ParentOfDevice = 'DEVPKEY_Device_Parent'

function Get-StorageInstance {
    param([string] $Class)
    @(Get-CimInstance -Namespace $script:Storage -ClassName $Class)
}

# A GUID in braces as the protocol has GUIDs; null for none.
function ConvertTo-GuidOrNull {
    param([string] $Text)
    if ($Text -eq '') { return $null }
    ([guid] $Text).ToString('D')
}

function ConvertTo-ByteText {
    param($Bytes)
    ([decimal] $Bytes).ToString('0', [Globalization.CultureInfo]::InvariantCulture)
}

# Numbers that Windows may leave out.
function ConvertTo-NumberOrNull {
    param($Number)
    if ($null -eq $Number) { return $null }
    [int] $Number
}

# Whether an instance id of a device begins so; Windows tells it in either case.
function Test-IsDeviceOf {
    param([string] $DeviceId, [string] $Kind)
    $DeviceId.StartsWith($Kind, [StringComparison]::OrdinalIgnoreCase)
}

# Instance id of the device that a device hangs on; null when Windows does not tell.
function Get-ParentDevice {
    param($Device)
    $asked = @{ devicePropertyKeys = [string[]] @($script:ParentOfDevice) }
    try { $told = Invoke-CimMethod -InputObject $Device -MethodName 'GetDeviceProperties' -Arguments $asked }
    catch { return $null }
    foreach ($property in @($told.deviceProperties)) {
        $data = $property.PSObject.Properties['Data']
        if ($null -ne $data -and [string] $data.Value -ne '') { return [string] $data.Value }
    }
    $null
}

function New-DiskAnswer {
    param($Disk, $Drive, $Device)
    $isOffline = [bool] $Disk.IsOffline
    [ordered]@{
        number            = [int] $Disk.Number
        uniqueId          = [string] $Disk.UniqueId
        uniqueIdFormat    = ConvertTo-NumberOrNull -Number $Disk.UniqueIdFormat
        serialNumber      = [string] $Disk.SerialNumber
        lun               = $(if ($null -eq $Drive) { $null } else { ConvertTo-NumberOrNull -Number $Drive.SCSILogicalUnit })
        parentDevice      = $(if ($null -eq $Device) { $null } else { Get-ParentDevice -Device $Device })
        size              = ConvertTo-ByteText -Bytes $Disk.Size
        logicalSectorSize = [int] $Disk.LogicalSectorSize
        partitionStyle    = [int] $Disk.PartitionStyle
        isOffline         = $isOffline
        offlineReason     = $(if ($isOffline) { ConvertTo-NumberOrNull -Number $Disk.OfflineReason } else { $null })
        isReadOnly        = [bool] $Disk.IsReadOnly
        isSystem          = ([bool] $Disk.IsSystem -or [bool] $Disk.IsBoot)
        isClustered       = [bool] $Disk.IsClustered
        healthStatus      = [int] $Disk.HealthStatus
        operationalStatus = @($Disk.OperationalStatus | Where-Object { $null -ne $_ } | ForEach-Object { [int] $_ })
    }
}

function New-PartitionAnswer {
    param($Partition)
    [ordered]@{
        diskNumber           = [int] $Partition.DiskNumber
        partitionNumber      = [int] $Partition.PartitionNumber
        guid                 = ConvertTo-GuidOrNull -Text $Partition.Guid
        gptType              = ConvertTo-GuidOrNull -Text $Partition.GptType
        offset               = ConvertTo-ByteText -Bytes $Partition.Offset
        size                 = ConvertTo-ByteText -Bytes $Partition.Size
        accessPaths          = @($Partition.AccessPaths | Where-Object { [string] $_ -ne '' } | ForEach-Object { [string] $_ })
        noDefaultDriveLetter = [bool] $Partition.NoDefaultDriveLetter
    }
}

function New-VolumeAnswer {
    param($Volume)
    [ordered]@{
        path           = [string] $Volume.Path
        fileSystem     = [string] $Volume.FileSystem
        label          = [string] $Volume.FileSystemLabel
        size           = ConvertTo-ByteText -Bytes $Volume.Size
        sizeRemaining  = ConvertTo-ByteText -Bytes $Volume.SizeRemaining
        allocationUnit = [long] $(if ($null -eq $Volume.AllocationUnitSize) { 0 } else { $Volume.AllocationUnitSize })
        healthStatus   = [int] $Volume.HealthStatus
    }
}

function Get-Survey {
    $devices = @{}
    foreach ($device in @(Get-CimInstance -Namespace $script:Machine -ClassName 'Win32_PnPEntity' -Property 'DeviceID')) {
        $devices[([string] $device.DeviceID).ToUpperInvariant()] = $device
    }
    $driveOf = @{}
    $idsOfDisks = New-Object -TypeName System.Collections.Generic.HashSet[string]
    foreach ($drive in @(Get-CimInstance -Namespace $script:Machine -ClassName 'Win32_DiskDrive' -Property 'DeviceID', 'Index', 'SCSILogicalUnit', 'PNPDeviceID')) {
        $driveOf[[int] $drive.Index] = $drive
        $null = $idsOfDisks.Add(([string] $drive.PNPDeviceID).ToUpperInvariant())
    }
    $disks = @(Get-StorageInstance -Class 'MSFT_Disk' | ForEach-Object {
            $drive = $driveOf[[int] $_.Number]
            $device = $(if ($null -eq $drive) { $null } else { $devices[([string] $drive.PNPDeviceID).ToUpperInvariant()] })
            New-DiskAnswer -Disk $_ -Drive $drive -Device $device
        })
    $others = @($devices.Keys | Where-Object { (Test-IsDeviceOf -DeviceId $_ -Kind $script:ScsiDevices) -and -not $idsOfDisks.Contains($_) })
    [ordered]@{
        disks       = $disks
        partitions  = @(Get-StorageInstance -Class 'MSFT_Partition' | ForEach-Object { New-PartitionAnswer -Partition $_ })
        controllers = @($devices.Keys | Where-Object { Test-IsDeviceOf -DeviceId $_ -Kind $script:ScsiControllers })
        otherDrives = @($others | ForEach-Object { Get-ParentDevice -Device $devices[$_] })
    }
}

# String values of a key that Hyper-V's key-value exchange writes; none where the key is not there.
function Get-RegistryText {
    param([string] $Key)
    if (-not (Test-Path -LiteralPath $Key)) { return }
    $open = Get-Item -LiteralPath $Key
    try {
        foreach ($name in $open.GetValueNames()) {
            $value = $open.GetValue($name)
            if ($value -is [string]) { [ordered]@{ name = $name; value = $value } }
        }
    }
    finally { $open.Close() }
}

function Get-GuestItem {
    [ordered]@{
        parameters = @(Get-RegistryText -Key 'HKLM:\SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters')
        external   = @(Get-RegistryText -Key 'HKLM:\SOFTWARE\Microsoft\Virtual Machine\External')
    }
}
