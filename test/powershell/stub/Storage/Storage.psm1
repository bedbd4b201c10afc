# Stands in for what a Windows node's worker calls: CIM's cmdlets over the classes that it reads and their methods, the registry,
# and the compiler. What there is tells the simulated Windows, by its own worker, so that disks are as real as there; each call
# of a method is recorded. The environment says where: STORAGE_STUB_DIRECTORY, STORAGE_STUB_NODE, STORAGE_STUB_WORKER.
# The module has the name of the one that a worker looks for.

Set-StrictMode -Version 2.0

. (Join-Path -Path $PSScriptRoot -ChildPath '../simulator.ps1')

# E_FAIL: what is wrong is told by another number then.
$script:OwnResult = -2147467259
# WBEM_E_INVALID_CLASS, WBEM_E_INVALID_METHOD, WBEM_E_TYPE_MISMATCH
$script:InvalidClass = -2147217392
$script:InvalidMethod = -2147217362
$script:TypeMismatch = -2147217403

# Of Windows' own disk the simulated one has no bytes, and nobody asks for its volume.
$script:OwnDisk = 0

# The methods with what they can be given, in the types that Windows declares: CIM takes no other from Invoke-CimMethod.
$script:Methods = @{
    'MSFT_StorageSetting.UpdateHostStorageCache' = @{}
    'MSFT_Disk.Online'                           = @{}
    'MSFT_Disk.Offline'                          = @{}
    'MSFT_Disk.SetAttributes'                    = @{ IsReadOnly = [bool]; Signature = [uint32]; Guid = [string] }
    'MSFT_Disk.Initialize'                       = @{ PartitionStyle = [uint16] }
    'MSFT_Disk.CreatePartition'                  = @{
        Size              = [uint64]
        UseMaximumSize    = [bool]
        Offset            = [uint64]
        Alignment         = [uint32]
        DriveLetter       = [char]
        AssignDriveLetter = [bool]
        MbrType           = [uint16]
        GptType           = [string]
        IsHidden          = [bool]
        IsActive          = [bool]
    }
    'MSFT_Partition.SetAttributes'               = @{ IsReadOnly = [bool]; NoDefaultDriveLetter = [bool]; IsActive = [bool]; IsHidden = [bool] }
    'MSFT_Partition.AddAccessPath'               = @{ AccessPath = [string]; AssignDriveLetter = [bool] }
    'MSFT_Partition.RemoveAccessPath'            = @{ AccessPath = [string] }
    'MSFT_Partition.GetSupportedSize'            = @{}
    'MSFT_Partition.Resize'                      = @{ Size = [uint64] }
    'MSFT_Volume.Format'                         = @{
        FileSystem         = [string]
        FileSystemLabel    = [string]
        AllocationUnitSize = [uint32]
        Full               = [bool]
        Force              = [bool]
        Compress           = [bool]
    }
    'MSFT_Volume.Flush'                          = @{}
    'Win32_PnPEntity.GetDeviceProperties'        = @{ devicePropertyKeys = [string[]] }
}

# An error as CIM's cmdlets throw it: the number is in the message id, the text in the language of the machine.
function New-StubFailure {
    param([int] $HResult, [string] $Message, [string] $Cmdlet)
    $told = 'HRESULT 0x{0:x8}' -f $HResult
    $exception = New-Object -TypeName System.Exception -ArgumentList $Message
    Add-Member -InputObject $exception -MemberType NoteProperty -Name 'MessageId' -Value $told
    $id = "$told,Microsoft.Management.Infrastructure.CimCmdlets.$Cmdlet"
    New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $id, 'NotSpecified', $null
}

# What the simulated Windows says: a result or an error.
function Get-StubAnswer {
    param([string] $Op, $Arguments)
    Get-SimulatorAnswer -Program $env:STORAGE_STUB_NODE -Script $env:STORAGE_STUB_WORKER -Words @($env:STORAGE_STUB_DIRECTORY) -Op $Op -Arguments $Arguments
}

function Get-StubFailure {
    param($Answer)
    $failure = $Answer.PSObject.Properties['error']
    if ($null -eq $failure) { return $null }
    $failure.Value
}

# Asks for something that a class tells; a refusal is the cmdlet's error.
function Get-StubResult {
    param([string] $Op, $Arguments)
    $answer = Get-StubAnswer -Op $Op -Arguments $Arguments
    $failure = Get-StubFailure -Answer $answer
    if ($null -ne $failure) {
        throw (New-StubFailure -HResult $failure.hresult -Message $failure.message -Cmdlet 'GetCimInstanceCommand')
    }
    $answer.result
}

# What a method returns: the number of its error, or the cmdlet's own error where CIM itself failed.
function Invoke-StubMethod {
    param([string] $Op, $Arguments)
    $answer = Get-StubAnswer -Op $Op -Arguments $Arguments
    $failure = Get-StubFailure -Answer $answer
    if ($null -eq $failure) { return New-StubOutcome -Number 0 -Told $answer.result }
    if ([int] $failure.hresult -eq $script:OwnResult -and [string] $failure.fullyQualifiedErrorId -match '^StorageWMI ([0-9]+)') {
        return New-StubOutcome -Number ([uint32] $Matches[1]) -Told $null
    }
    throw (New-StubFailure -HResult $failure.hresult -Message $failure.message -Cmdlet 'InvokeCimMethodCommand')
}

function New-StubOutcome {
    param([uint32] $Number, $Told)
    New-Object -TypeName PSObject -Property @{ ReturnValue = $Number; StubTold = $Told }
}

function New-StubInstance {
    param([string] $Class, [System.Collections.IDictionary] $Property)
    $instance = New-Object -TypeName PSObject -Property $Property
    $kind = New-Object -TypeName PSObject -Property @{ CimClassName = $Class }
    Add-Member -InputObject $instance -MemberType NoteProperty -Name 'CimClass' -Value $kind
    $instance
}

function ConvertTo-StubSize {
    param([string] $Text)
    [uint64]::Parse($Text, [Globalization.CultureInfo]::InvariantCulture)
}

# "{EBD0A0A2-...}" as Windows has GUIDs.
function ConvertTo-StubGuid {
    param($Text)
    if ($null -eq $Text) { return $null }
    ([guid] $Text).ToString('B')
}

function ConvertTo-StubNumber {
    param($Number)
    if ($null -eq $Number) { return $null }
    [uint16] $Number
}

function Test-IsVolumePath {
    param([string] $Path)
    $Path.StartsWith('\\?\Volume{', [StringComparison]::OrdinalIgnoreCase)
}

function New-StubDisk {
    param($Disk)
    New-StubInstance -Class 'MSFT_Disk' -Property @{
        Number            = [uint32] $Disk.number
        UniqueId          = [string] $Disk.uniqueId
        UniqueIdFormat    = ConvertTo-StubNumber -Number $Disk.uniqueIdFormat
        SerialNumber      = [string] $Disk.serialNumber
        Size              = ConvertTo-StubSize -Text $Disk.size
        LogicalSectorSize = [uint32] $Disk.logicalSectorSize
        PartitionStyle    = [uint16] $Disk.partitionStyle
        IsOffline         = [bool] $Disk.isOffline
        OfflineReason     = ConvertTo-StubNumber -Number $Disk.offlineReason
        IsReadOnly        = [bool] $Disk.isReadOnly
        IsSystem          = [bool] $Disk.isSystem
        IsBoot            = [bool] $Disk.isSystem
        IsClustered       = [bool] $Disk.isClustered
        HealthStatus      = [uint16] $Disk.healthStatus
        OperationalStatus = [uint16[]] @($Disk.operationalStatus)
    }
}

function New-StubPartition {
    param($Partition)
    New-StubInstance -Class 'MSFT_Partition' -Property @{
        DiskNumber           = [uint32] $Partition.diskNumber
        PartitionNumber      = [uint32] $Partition.partitionNumber
        Guid                 = ConvertTo-StubGuid -Text $Partition.guid
        GptType              = ConvertTo-StubGuid -Text $Partition.gptType
        Offset               = ConvertTo-StubSize -Text $Partition.offset
        Size                 = ConvertTo-StubSize -Text $Partition.size
        AccessPaths          = [string[]] @($Partition.accessPaths)
        NoDefaultDriveLetter = [bool] $Partition.noDefaultDriveLetter
    }
}

function New-StubVolume {
    param($Volume)
    New-StubInstance -Class 'MSFT_Volume' -Property @{
        Path               = [string] $Volume.path
        FileSystem         = [string] $Volume.fileSystem
        FileSystemLabel    = [string] $Volume.label
        Size               = ConvertTo-StubSize -Text $Volume.size
        SizeRemaining      = ConvertTo-StubSize -Text $Volume.sizeRemaining
        AllocationUnitSize = [uint32] $Volume.allocationUnit
        HealthStatus       = [uint16] $Volume.healthStatus
    }
}

function Get-StubVolume {
    param($Survey)
    foreach ($partition in @($Survey.partitions | Where-Object { $_.diskNumber -ne $script:OwnDisk })) {
        foreach ($path in @($partition.accessPaths | Where-Object { Test-IsVolumePath -Path $_ })) {
            New-StubVolume -Volume (Get-StubResult -Op 'volume' -Arguments @{ path = $path })
        }
    }
}

function Get-StubDeviceOfDisk {
    param([int] $Number)
    'SCSI\Disk&Ven_Msft&Prod_Virtual_Disk\5&2a9af94d&0&{0:x6}' -f $Number
}

# All devices: controllers, drives and one that is neither. Windows tells the same id in capital letters elsewhere.
function Get-StubDevice {
    param($Survey)
    New-StubDevice -Id 'ROOT\ACPI_HAL\0000' -Parent 'HTREE\ROOT\0'
    foreach ($controller in @($Survey.controllers)) { New-StubDevice -Id $controller -Parent 'ACPI\VMBus\0' }
    foreach ($disk in @($Survey.disks)) { New-StubDevice -Id (Get-StubDeviceOfDisk -Number $disk.number) -Parent $disk.parentDevice }
    $number = 0
    foreach ($parent in @($Survey.otherDrives)) {
        New-StubDevice -Id "SCSI\CdRom&Ven_Msft&Prod_Virtual_DVD-ROM\5&394b69d0&0&00000$number" -Parent $parent
        $number++
    }
}

function New-StubDevice {
    param([string] $Id, $Parent)
    New-StubInstance -Class 'Win32_PnPEntity' -Property @{ DeviceID = $Id; StubParent = $Parent }
}

function Get-StubDrive {
    param($Survey)
    foreach ($disk in @($Survey.disks)) {
        New-StubInstance -Class 'Win32_DiskDrive' -Property @{
            DeviceID        = "\\.\PHYSICALDRIVE$($disk.number)"
            Index           = [uint32] $disk.number
            SCSILogicalUnit = ConvertTo-StubNumber -Number $disk.lun
            PNPDeviceID     = (Get-StubDeviceOfDisk -Number $disk.number).ToUpperInvariant()
        }
    }
}

function Get-CimInstance {
    [CmdletBinding()]
    param([string] $Namespace, [string] $ClassName, [string[]] $Property)
    $survey = Get-StubResult -Op 'survey' -Arguments @{}
    switch -CaseSensitive ("${Namespace}:$ClassName") {
        'root/Microsoft/Windows/Storage:MSFT_Disk' { return @($survey.disks | ForEach-Object { New-StubDisk -Disk $_ }) }
        'root/Microsoft/Windows/Storage:MSFT_Partition' { return @($survey.partitions | ForEach-Object { New-StubPartition -Partition $_ }) }
        'root/Microsoft/Windows/Storage:MSFT_Volume' { return @(Get-StubVolume -Survey $survey) }
        'root/cimv2:Win32_PnPEntity' { return @(Get-StubDevice -Survey $survey) }
        'root/cimv2:Win32_DiskDrive' { return @(Get-StubDrive -Survey $survey) }
        default { throw (New-StubFailure -HResult $script:InvalidClass -Message 'Ungueltige Klasse' -Cmdlet 'GetCimInstanceCommand') }
    }
}

# Refuses a method that is not there, and values of types that CIM would not take for what is declared.
function Assert-StubCall {
    param([string] $Method, [System.Collections.IDictionary] $Arguments)
    if (-not $script:Methods.ContainsKey($Method)) {
        throw (New-StubFailure -HResult $script:InvalidMethod -Message 'Ungueltige Methode' -Cmdlet 'InvokeCimMethodCommand')
    }
    $declared = $script:Methods[$Method]
    foreach ($name in @($Arguments.Keys)) {
        if (-not $declared.ContainsKey($name) -or $Arguments[$name] -isnot $declared[$name]) {
            throw (New-StubFailure -HResult $script:TypeMismatch -Message "Typenkonflikt: $name" -Cmdlet 'InvokeCimMethodCommand')
        }
    }
}

# A file per worker: several call at once.
function Add-StubRecord {
    param([string] $Method, [System.Collections.IDictionary] $Arguments)
    $line = ConvertTo-Json -InputObject ([ordered]@{ method = $Method; arguments = $Arguments }) -Compress -Depth 4
    [IO.File]::AppendAllText([IO.Path]::Combine($env:STORAGE_STUB_DIRECTORY, "calls.$PID.jsonl"), "$line`n")
}

function Get-StubDiskRef {
    param([int] $Number, $Survey)
    $disk = @($Survey.disks | Where-Object { [int] $_.number -eq $Number })[0]
    @{ number = [int] $disk.number; uniqueId = [string] $disk.uniqueId }
}

function Get-StubPartitionRef {
    param($Partition)
    $disk = Get-StubDiskRef -Number $Partition.DiskNumber -Survey (Get-StubResult -Op 'survey' -Arguments @{})
    @{ disk = $disk; partitionNumber = [int] $Partition.PartitionNumber; offset = $Partition.Offset.ToString([Globalization.CultureInfo]::InvariantCulture) }
}

# The partition that a volume is on.
function Get-StubPartitionOf {
    param([string] $VolumePath)
    $survey = Get-StubResult -Op 'survey' -Arguments @{}
    $found = @($survey.partitions | Where-Object { @($_.accessPaths) -contains $VolumePath })[0]
    New-StubPartition -Partition $found
}

function Invoke-CimMethod {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($InputObject, [string] $Namespace, [string] $ClassName, [string] $MethodName, [System.Collections.IDictionary] $Arguments)
    $class = $(if ($null -eq $InputObject) { $ClassName } else { [string] $InputObject.CimClass.CimClassName })
    $method = "$class.$MethodName"
    if ($null -eq $Arguments) { $Arguments = @{} }
    Assert-StubCall -Method $method -Arguments $Arguments
    Add-StubRecord -Method $method -Arguments $Arguments
    switch -Regex -CaseSensitive ($class) {
        '^MSFT_StorageSetting$' { return Invoke-StubMethod -Op 'rescan' -Arguments @{} }
        '^MSFT_Disk$' { return Invoke-StubDisk -Disk $InputObject -MethodName $MethodName -Arguments $Arguments }
        '^MSFT_Partition$' { return Invoke-StubPartition -Partition $InputObject -MethodName $MethodName -Arguments $Arguments }
        '^MSFT_Volume$' { return Invoke-StubVolume -Volume $InputObject -MethodName $MethodName -Arguments $Arguments }
        '^Win32_PnPEntity$' { return Get-StubDeviceProperty -Device $InputObject -Keys $Arguments['devicePropertyKeys'] }
    }
}

function Invoke-StubDisk {
    param($Disk, [string] $MethodName, [System.Collections.IDictionary] $Arguments)
    $ref = @{ number = [int] $Disk.Number; uniqueId = [string] $Disk.UniqueId }
    switch -CaseSensitive ($MethodName) {
        'Online' { return Invoke-StubMethod -Op 'setOnline' -Arguments @{ disk = $ref } }
        'Offline' { return Invoke-StubMethod -Op 'setOffline' -Arguments @{ disk = $ref } }
        'SetAttributes' { return Invoke-StubMethod -Op 'setReadOnly' -Arguments @{ disk = $ref; readOnly = $Arguments['IsReadOnly'] } }
        'Initialize' {
            if ($Arguments['PartitionStyle'] -ne 2) { throw 'the simulated Windows makes a GPT and nothing else' }
            return Invoke-StubMethod -Op 'initialise' -Arguments @{ disk = $ref }
        }
        'CreatePartition' {
            $outcome = Invoke-StubMethod -Op 'createPartition' -Arguments @{ disk = $ref }
            if ($null -ne $outcome.StubTold) {
                Add-Member -InputObject $outcome -MemberType NoteProperty -Name 'CreatedPartition' -Value (New-StubPartition -Partition $outcome.StubTold)
            }
            return $outcome
        }
    }
}

function Invoke-StubPartition {
    param($Partition, [string] $MethodName, [System.Collections.IDictionary] $Arguments)
    $ref = Get-StubPartitionRef -Partition $Partition
    switch -CaseSensitive ($MethodName) {
        # The simulated Windows sets the mark itself, with each step before which a worker does.
        'SetAttributes' { return New-StubOutcome -Number 0 -Told $null }
        'AddAccessPath' { return Invoke-StubMethod -Op 'addAccessPath' -Arguments @{ partition = $ref; path = $Arguments['AccessPath'] } }
        'RemoveAccessPath' { return Invoke-StubMethod -Op 'removeAccessPath' -Arguments @{ partition = $ref; path = $Arguments['AccessPath'] } }
        'Resize' {
            $size = $Arguments['Size'].ToString([Globalization.CultureInfo]::InvariantCulture)
            return Invoke-StubMethod -Op 'resize' -Arguments @{ partition = $ref; size = $size }
        }
        'GetSupportedSize' {
            $outcome = Invoke-StubMethod -Op 'supportedSize' -Arguments @{ partition = $ref }
            if ($null -ne $outcome.StubTold) {
                Add-Member -InputObject $outcome -MemberType NoteProperty -Name 'SizeMin' -Value (ConvertTo-StubSize -Text $outcome.StubTold.minimum)
                Add-Member -InputObject $outcome -MemberType NoteProperty -Name 'SizeMax' -Value (ConvertTo-StubSize -Text $outcome.StubTold.maximum)
            }
            return $outcome
        }
    }
}

function Invoke-StubVolume {
    param($Volume, [string] $MethodName, [System.Collections.IDictionary] $Arguments)
    $path = [string] $Volume.Path
    if ($MethodName -ceq 'Flush') { return Invoke-StubMethod -Op 'flush' -Arguments @{ path = $path } }
    Invoke-StubMethod -Op 'format' -Arguments @{
        partition      = Get-StubPartitionRef -Partition (Get-StubPartitionOf -VolumePath $path)
        fileSystem     = $Arguments['FileSystem']
        label          = $Arguments['FileSystemLabel']
        allocationUnit = $Arguments['AllocationUnitSize']
    }
}

# A device that has no parent has the property without data.
function Get-StubDeviceProperty {
    param($Device, [string[]] $Keys)
    $property = New-Object -TypeName PSObject -Property @{ KeyName = $Keys[0]; DeviceID = $Device.DeviceID }
    if ($Keys[0] -ceq 'DEVPKEY_Device_Parent' -and $null -ne $Device.StubParent) {
        Add-Member -InputObject $property -MemberType NoteProperty -Name 'Data' -Value ([string] $Device.StubParent)
    }
    New-Object -TypeName PSObject -Property @{ ReturnValue = [uint32] 0; deviceProperties = @($property) }
}

# Takes the place of the compiler: what is compiled instead asks here.
function Add-Type {
    [CmdletBinding()]
    param([string] $LiteralPath)
    if ([IO.Path]::GetFileName($LiteralPath) -cne 'node-calls.cs') { throw "the stub has nothing in the place of $LiteralPath" }
    Microsoft.PowerShell.Utility\Add-Type -LiteralPath ([IO.Path]::Combine($PSScriptRoot, 'NodeCalls.cs'))
    [HypervCsi.Disks]::Reader = [Func[int, long, int, string]] {
        param($Number, $Offset, $Length)
        $disk = Get-StubDiskRef -Number $Number -Survey (Get-StubResult -Op 'survey' -Arguments @{})
        $wanted = @{ disk = $disk; offset = $Offset.ToString([Globalization.CultureInfo]::InvariantCulture); length = $Length }
        ConvertTo-StubText -Answer (Get-StubAnswer -Op 'read' -Arguments $wanted) -Name 'data'
    }
    # The simulated Windows tells a volume's path, and the file system the name that it has there.
    [HypervCsi.MountPoints]::Finder = [Func[string, string]] {
        param($Path)
        $told = ConvertTo-StubText -Answer (Get-StubAnswer -Op 'mountPoint' -Arguments @{ path = $Path }) -Name 'target'
        if (Test-IsVolumePath -Path $told) { return '\??\' + $told.Substring(4) }
        $told
    }
    [HypervCsi.MountPoints]::Remover = [Func[string, string]] {
        param($Path)
        $target = (Get-StubResult -Op 'mountPoint' -Arguments @{ path = $Path }).target
        ConvertTo-StubText -Answer (Get-StubAnswer -Op 'removeMountPoint' -Arguments @{ path = $Path; target = $target }) -Name ''
    }
}

# An answer as the compiled part takes it; of a result one property, or nothing.
function ConvertTo-StubText {
    param($Answer, [string] $Name)
    $failure = Get-StubFailure -Answer $Answer
    if ($null -ne $failure) { return '!{0}' -f [int] $failure.hresult }
    if ($Name -eq '') { return '' }
    [string] $Answer.result.PSObject.Properties[$Name].Value
}

# The values of a key, null where it is not there.
function Get-StubItem {
    param([string] $Path)
    $items = Get-StubResult -Op 'guestItems' -Arguments @{}
    switch ($Path) {
        'HKLM:\SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters' { return $items.parameters }
        'HKLM:\SOFTWARE\Microsoft\Virtual Machine\External' {
            if (@($items.external).Count -gt 0) { return $items.external }
        }
    }
    $null
}

function Test-Path {
    [CmdletBinding()]
    param([string] $LiteralPath)
    $null -ne (Get-StubItem -Path $LiteralPath)
}

function Get-Item {
    [CmdletBinding()]
    param([string] $LiteralPath)
    $key = New-Object -TypeName HypervCsi.StubKey
    foreach ($item in @(Get-StubItem -Path $LiteralPath)) { $key.Add($item.name, $item.value) }
    # Values of other kinds are none that is told.
    $key.Add('StubNumber', 1)
    $key
}

Export-ModuleMember -Function @('Get-CimInstance', 'Invoke-CimMethod', 'Add-Type', 'Get-Item', 'Test-Path')
