# Single steps on one disk, partition or volume. Each looks first whether it is the one that the request names.

$script:DiskChanged = 'HypervCsi.DiskChanged'
$script:NotBlank = 'HypervCsi.NotBlank'

# MSFT_Disk.PartitionStyle
$script:Raw = 0
$script:Gpt = 2
# PARTITION_BASIC_DATA_GUID
$script:BasicData = '{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}'

$script:LongPath = '\\?\'
$script:VolumePath = '\\?\Volume{'

# What `mountPoint` tells begins so: other mount points are not those of volumes.
$script:VolumeTarget = '^\\\?\?\\(Volume\{[0-9A-Fa-f-]+\}\\?)$'

# The disk with that number, while it is the one that was seen.
function Get-NamedDisk {
    param($Ref)
    $disk = Get-StorageInstance -Class 'MSFT_Disk' | Where-Object { [int] $_.Number -eq [int] $Ref.number } | Select-Object -First 1
    if ($null -eq $disk -or [string] $disk.UniqueId -cne [string] $Ref.uniqueId) {
        throw (New-WorkerFailure -Id $script:DiskChanged -Message "disk $($Ref.number) is not $($Ref.uniqueId) any more")
    }
    $disk
}

# The partition at that offset of such a disk.
function Get-NamedPartition {
    param($Ref)
    $disk = Get-NamedDisk -Ref $Ref.disk
    $partition = Get-StorageInstance -Class 'MSFT_Partition' | Where-Object {
        [int] $_.DiskNumber -eq [int] $disk.Number -and [int] $_.PartitionNumber -eq [int] $Ref.partitionNumber -and
        (ConvertTo-ByteText -Bytes $_.Offset) -ceq [string] $Ref.offset
    } | Select-Object -First 1
    if ($null -eq $partition) {
        throw (New-WorkerFailure -Id $script:DiskChanged -Message "disk $($disk.Number) has no partition $($Ref.partitionNumber) at $($Ref.offset)")
    }
    $partition
}

function Get-NamedVolume {
    param([string] $Path)
    $volume = Get-StorageInstance -Class 'MSFT_Volume' | Where-Object { [string] $_.Path -eq $Path } | Select-Object -First 1
    if ($null -eq $volume) { throw (New-WorkerFailure -Id $script:DiskChanged -Message "there is no volume $Path any more") }
    $volume
}

# Calls a storage method; what it returns is its error's number, told by the id that Windows' own cmdlets give it.
function Invoke-Storage {
    param($Object, [string] $Method, [hashtable] $With = @{})
    $outcome = Invoke-CimMethod -InputObject $Object -MethodName $Method -Arguments $With
    if ([long] $outcome.ReturnValue -ne 0) {
        throw (New-WorkerFailure -Id "StorageWMI $($outcome.ReturnValue)" -Message "$Method returned $($outcome.ReturnValue)")
    }
    $outcome
}

function Update-Storage {
    $outcome = Invoke-CimMethod -Namespace $script:Storage -ClassName 'MSFT_StorageSetting' -MethodName 'UpdateHostStorageCache'
    if ([long] $outcome.ReturnValue -ne 0) {
        throw (New-WorkerFailure -Id "StorageWMI $($outcome.ReturnValue)" -Message "UpdateHostStorageCache returned $($outcome.ReturnValue)")
    }
    [ordered]@{}
}

function Set-DiskOnline {
    param($Request)
    $disk = Get-NamedDisk -Ref $Request.disk
    if ($disk.IsOffline) { $null = Invoke-Storage -Object $disk -Method 'Online' }
    [ordered]@{}
}

function Set-DiskOffline {
    param($Request)
    $disk = Get-NamedDisk -Ref $Request.disk
    if (-not $disk.IsOffline) { $null = Invoke-Storage -Object $disk -Method 'Offline' }
    [ordered]@{}
}

function Set-DiskReadOnly {
    param($Request)
    $disk = Get-NamedDisk -Ref $Request.disk
    $null = Invoke-Storage -Object $disk -Method 'SetAttributes' -With @{ IsReadOnly = [bool] $Request.readOnly }
    [ordered]@{}
}

function Read-Disk {
    param($Request)
    $disk = Get-NamedDisk -Ref $Request.disk
    $offset = [long]::Parse($Request.offset, [Globalization.CultureInfo]::InvariantCulture)
    $bytes = [HypervCsi.Disks]::Read([int] $disk.Number, $offset, [int] $Request.length)
    [ordered]@{ data = [Convert]::ToBase64String($bytes) }
}

function Initialize-NamedDisk {
    param($Request)
    $disk = Get-NamedDisk -Ref $Request.disk
    if ([int] $disk.PartitionStyle -ne $script:Raw) {
        throw (New-WorkerFailure -Id $script:NotBlank -Message "disk $($disk.Number) has a partition table")
    }
    $null = Invoke-Storage -Object $disk -Method 'Initialize' -With @{ PartitionStyle = [uint16] $script:Gpt }
    [ordered]@{}
}

function Get-CreatedPartition {
    param($Disk, $Offset)
    $partition = Get-StorageInstance -Class 'MSFT_Partition' | Where-Object {
        [int] $_.DiskNumber -eq [int] $Disk.Number -and [uint64] $_.Offset -eq [uint64] $Offset
    } | Select-Object -First 1
    if ($null -eq $partition) {
        throw (New-WorkerFailure -Id $script:DiskChanged -Message "disk $($Disk.Number) does not show the partition that was made on it")
    }
    $partition
}

# The mark that Windows gives a partition no drive letter. Who made it may not have set it, or was cut off before.
# On a disk that is read-only it can't be set.
function Set-NoDriveLetter {
    param($Disk, $Partition)
    if ($Partition.NoDefaultDriveLetter -or $Disk.IsReadOnly) { return }
    $null = Invoke-Storage -Object $Partition -Method 'SetAttributes' -With @{ NoDefaultDriveLetter = $true }
}

function New-DataPartition {
    param($Request)
    $disk = Get-NamedDisk -Ref $Request.disk
    $wanted = @{ UseMaximumSize = $true; AssignDriveLetter = $false; GptType = $script:BasicData }
    $created = (Invoke-Storage -Object $disk -Method 'CreatePartition' -With $wanted).CreatedPartition
    $partition = Get-CreatedPartition -Disk $disk -Offset $created.Offset
    $null = Invoke-Storage -Object $partition -Method 'SetAttributes' -With @{ NoDefaultDriveLetter = $true }
    New-PartitionAnswer -Partition (Get-CreatedPartition -Disk $disk -Offset $created.Offset)
}

# The volume that Windows has made of a partition.
function Get-VolumeOfPartition {
    param($Partition)
    $paths = @($Partition.AccessPaths | Where-Object { ([string] $_).StartsWith($script:VolumePath, [StringComparison]::OrdinalIgnoreCase) })
    if ($paths.Count -ne 1) {
        throw (New-WorkerFailure -Id $script:DiskChanged -Message "Windows has made no volume of partition $($Partition.PartitionNumber) of disk $($Partition.DiskNumber)")
    }
    Get-NamedVolume -Path $paths[0]
}

function Format-Partition {
    param($Request)
    $partition = Get-NamedPartition -Ref $Request.partition
    $volume = Get-VolumeOfPartition -Partition $partition
    $found = [string] $volume.FileSystem
    if ($found -ne '' -and $found -ne 'RAW') {
        throw (New-WorkerFailure -Id $script:NotBlank -Message "there is a file system $found already")
    }
    Set-NoDriveLetter -Disk (Get-NamedDisk -Ref $Request.partition.disk) -Partition $partition
    $wanted = @{ FileSystem = [string] $Request.fileSystem; FileSystemLabel = [string] $Request.label; Full = $false }
    if ($null -ne $Request.allocationUnit) { $wanted['AllocationUnitSize'] = [uint32] $Request.allocationUnit }
    $null = Invoke-Storage -Object $volume -Method 'Format' -With $wanted
    New-VolumeAnswer -Volume (Get-NamedVolume -Path ([string] $volume.Path))
}

function Add-AccessPath {
    param($Request)
    $partition = Get-NamedPartition -Ref $Request.partition
    Set-NoDriveLetter -Disk (Get-NamedDisk -Ref $Request.partition.disk) -Partition $partition
    $null = Invoke-Storage -Object $partition -Method 'AddAccessPath' -With @{ AccessPath = [string] $Request.path }
    [ordered]@{}
}

function Remove-AccessPath {
    param($Request)
    $partition = Get-NamedPartition -Ref $Request.partition
    $null = Invoke-Storage -Object $partition -Method 'RemoveAccessPath' -With @{ AccessPath = [string] $Request.path }
    [ordered]@{}
}

# `\\?\Volume{...}\` that a directory is the mount point of; null for every other path.
function Get-MountPointTarget {
    param([string] $Path)
    $told = [HypervCsi.MountPoints]::Target($Path)
    if ($null -eq $told -or $told -notmatch $script:VolumeTarget) { return $null }
    $script:LongPath + $Matches[1]
}

function Remove-DeadMountPoint {
    param($Request)
    $target = Get-MountPointTarget -Path $Request.path
    if ($target -ne [string] $Request.target) {
        throw (New-WorkerFailure -Id $script:DiskChanged -Message "$($Request.path) does not lead to $($Request.target) any more")
    }
    [HypervCsi.MountPoints]::Remove([string] $Request.path)
    [ordered]@{}
}

function Get-SupportedSize {
    param($Request)
    $sizes = Invoke-Storage -Object (Get-NamedPartition -Ref $Request.partition) -Method 'GetSupportedSize'
    [ordered]@{ minimum = (ConvertTo-ByteText -Bytes $sizes.SizeMin); maximum = (ConvertTo-ByteText -Bytes $sizes.SizeMax) }
}

function Resize-NamedPartition {
    param($Request)
    $size = [uint64]::Parse($Request.size, [Globalization.CultureInfo]::InvariantCulture)
    $null = Invoke-Storage -Object (Get-NamedPartition -Ref $Request.partition) -Method 'Resize' -With @{ Size = $size }
    New-PartitionAnswer -Partition (Get-NamedPartition -Ref $Request.partition)
}
