# Stands in for the Hyper-V module and for the CIM classes that the worker reads, in the forms that the real ones have.
# What there is lies in the state of the simulated Hyper-V, a JSON file; changes are made by its own worker, so that
# disks are as real as there. The environment says where: HYPERV_STUB_DIRECTORY, HYPERV_STUB_NODE, HYPERV_STUB_WORKER.

Set-StrictMode -Version 2.0

. (Join-Path -Path $PSScriptRoot -ChildPath '../simulator.ps1')

$script:Reference = '\\{0}\root\virtualization\v2:Msvm_ResourceAllocationSettingData.InstanceID="{1}"'

function Read-StubState {
    ConvertFrom-Json -InputObject ([IO.File]::ReadAllText([IO.Path]::Combine($env:HYPERV_STUB_DIRECTORY, 'state.json')))
}

# Lets the simulator do something; its refusals are the cmdlets' errors.
function Invoke-Stub {
    param([string] $Op, $Arguments)
    $words = @($env:HYPERV_STUB_DIRECTORY, [Environment]::MachineName)
    $answer = Get-SimulatorAnswer -Program $env:HYPERV_STUB_NODE -Script $env:HYPERV_STUB_WORKER -Words $words -Op $Op -Arguments $Arguments
    $failure = $answer.PSObject.Properties['error']
    if ($null -ne $failure) {
        # Hyper-V's exceptions have a number of their own in their text alone.
        $text = 'Der Vorgang ist fehlgeschlagen. (0x{0:X8})' -f [int] $failure.Value.hresult
        $exception = New-Object -TypeName System.Exception -ArgumentList $text
        throw (New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, 'OperationFailed', 'NotSpecified', $null)
    }
    $answer.result
}

function Get-StubHostName {
    param($CimSession)
    if ($null -eq $CimSession -or $CimSession.ComputerName -eq 'localhost') { return [Environment]::MachineName }
    $CimSession.ComputerName
}

function Get-StubVm {
    param($CimSession)
    $name = Get-StubHostName -CimSession $CimSession
    @((Read-StubState).vms | Where-Object { $_.host -eq $name })
}

# What the cmdlets that change things name a drive by.
function New-StubPlace {
    param($Drive)
    @{
        host         = $Drive.ComputerName
        hosts        = @()
        vmId         = ([guid] $Drive.VMId).ToString('D')
        controllerId = $Drive.StubControllerId
        lun          = [int] $Drive.ControllerLocation
        path         = [string] $Drive.Path
    }
}

function Get-StubControllerInstanceId {
    param([string] $VmId, [string] $ControllerId)
    'Microsoft:{0}\{1}\0' -f $VmId.ToUpperInvariant(), $ControllerId.ToUpperInvariant()
}

function New-StubTime {
    param($Time)
    if ($Time -is [DateTime]) { return $Time }
    [DateTime]::Parse([string] $Time, [Globalization.CultureInfo]::InvariantCulture, [Globalization.DateTimeStyles]::RoundtripKind)
}

function New-CimSession {
    [CmdletBinding()]
    param([string[]] $ComputerName = @('localhost'), [uint32] $OperationTimeoutSec)
    $known = @((Read-StubState).hosts | Where-Object { $_.answers } | ForEach-Object { $_.name })
    if ($ComputerName[0] -ne 'localhost' -and $known -notcontains $ComputerName[0]) {
        throw (New-Object -TypeName System.Runtime.InteropServices.COMException -ArgumentList 'Der RPC-Server ist nicht verfuegbar.', -2147023174)
    }
    [pscustomobject]@{ ComputerName = $ComputerName[0] }
}

function Remove-CimSession {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($CimSession)
}

function Get-CimInstance {
    [CmdletBinding()]
    param($CimSession, [string] $Namespace, [string] $ClassName, [string[]] $Property, [uint32] $OperationTimeoutSec, $InputObject)
    if ($Namespace -ne 'root/virtualization/v2') {
        $exception = New-Object -TypeName System.Exception -ArgumentList 'Ungueltiger Namespace'
        Add-Member -InputObject $exception -MemberType NoteProperty -Name 'MessageId' -Value 'HRESULT 0x8004100e'
        $id = 'HRESULT 0x8004100e,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand'
        throw (New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $id, 'MetadataError', $null)
    }
    foreach ($vm in (Get-StubVm -CimSession $CimSession)) {
        switch ($ClassName) {
            'Msvm_ComputerSystem' { [pscustomobject]@{ Name = $vm.id.ToUpperInvariant(); EnabledState = [uint16] $vm.state } }
            'Msvm_VirtualSystemSettingData' { Get-StubSystemSetting -Vm $vm }
            'Msvm_ResourceAllocationSettingData' { Get-StubResource -Vm $vm }
            'Msvm_StorageAllocationSettingData' { Get-StubStorage -Vm $vm }
        }
    }
}

function Get-StubSystemSetting {
    param($Vm)
    $id = $Vm.id.ToUpperInvariant()
    [pscustomobject]@{
        InstanceID              = "Microsoft:$id"
        ElementName             = $Vm.name
        VirtualSystemIdentifier = $id
        VirtualSystemType       = 'Microsoft:Hyper-V:System:Realized'
        VirtualSystemSubType    = 'Microsoft:Hyper-V:SubType:2'
        ConfigurationDataRoot   = "/vms/$($Vm.name)"
        CreationTime            = [DateTime]::UtcNow
    }
    foreach ($checkpoint in @($Vm.checkpoints)) {
        [pscustomobject]@{
            InstanceID              = 'Microsoft:' + $checkpoint.id.ToUpperInvariant()
            ElementName             = $checkpoint.name
            VirtualSystemIdentifier = $id
            VirtualSystemType       = 'Microsoft:Hyper-V:Snapshot:Realized'
            VirtualSystemSubType    = 'Microsoft:Hyper-V:SubType:2'
            ConfigurationDataRoot   = "/vms/$($Vm.name)"
            CreationTime            = New-StubTime -Time $checkpoint.createdAt
        }
    }
}

# Controllers, the drives in them, and a DVD drive in the first.
function Get-StubResource {
    param($Vm)
    $number = 0
    foreach ($controllerId in @($Vm.controllers)) {
        $instanceId = Get-StubControllerInstanceId -VmId $Vm.id -ControllerId $controllerId
        $parent = $script:Reference -f $Vm.host.ToUpperInvariant(), $instanceId.Replace('\', '\\')
        [pscustomobject]@{
            InstanceID               = $instanceId
            ResourceSubType          = 'Microsoft:Hyper-V:Synthetic SCSI Controller'
            Parent                   = $null
            AddressOnParent          = ''
            VirtualSystemIdentifiers = @('{' + $controllerId.ToUpperInvariant() + '}')
        }
        if ($number -eq 0) { New-StubSlot -InstanceId "$instanceId\1\D" -Kind 'Synthetic DVD Drive' -Parent $parent -Lun 1 }
        foreach ($drive in @($Vm.drives | Where-Object { $_.controllerId -eq $controllerId })) {
            New-StubSlot -InstanceId "$instanceId\$($drive.lun)\D" -Kind 'Synthetic Disk Drive' -Parent $parent -Lun $drive.lun
        }
        $number++
    }
}

function New-StubSlot {
    param([string] $InstanceId, [string] $Kind, [string] $Parent, [int] $Lun)
    [pscustomobject]@{
        InstanceID               = $InstanceId
        ResourceSubType          = "Microsoft:Hyper-V:$Kind"
        Parent                   = $Parent
        AddressOnParent          = [string] $Lun
        VirtualSystemIdentifiers = $null
    }
}

function Get-StubStorage {
    param($Vm)
    foreach ($drive in @($Vm.drives)) {
        $slot = '{0}\{1}\D' -f (Get-StubControllerInstanceId -VmId $Vm.id -ControllerId $drive.controllerId), $drive.lun
        [pscustomobject]@{
            InstanceID      = $slot.Substring(0, $slot.Length - 1) + 'L'
            ResourceSubType = 'Microsoft:Hyper-V:Virtual Hard Disk'
            Parent          = $script:Reference -f $Vm.host.ToUpperInvariant(), $slot.Replace('\', '\\')
            HostResource    = @([string] $drive.path)
            Access          = [uint16] $(if ($drive.readOnly) { 1 } else { 3 })
            IOPSReservation = [uint64] $drive.minimumIops
            IOPSLimit       = [uint64] $drive.maximumIops
        }
    }
}

# Items for guests: what the worker does with them needs the libraries of Windows.
function Get-CimClass {
    [CmdletBinding()]
    param($CimSession, [string] $Namespace, [string] $ClassName)
    throw (New-Object -TypeName System.NotSupportedException -ArgumentList "the stub has no class $ClassName")
}

function New-CimInstance {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($CimClass, [System.Collections.IDictionary] $Property, [switch] $ClientOnly)
    throw (New-Object -TypeName System.NotSupportedException -ArgumentList 'the stub makes no instances')
}

function Invoke-CimMethod {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($CimSession, $InputObject, [string] $MethodName, [System.Collections.IDictionary] $Arguments)
    throw (New-Object -TypeName System.NotSupportedException -ArgumentList "the stub has no method $MethodName")
}

function Get-VM {
    [CmdletBinding()]
    param($CimSession, [guid] $Id)
    foreach ($vm in (Get-StubVm -CimSession $CimSession)) {
        if ([guid] $vm.id -ne $Id) { continue }
        return [pscustomobject]@{
            Id             = $Id
            Name           = $vm.name
            ComputerName   = $vm.host
            CheckpointType = 'Production'
        }
    }
    $exception = New-Object -TypeName System.ArgumentException -ArgumentList 'Der virtuelle Computer wurde nicht gefunden.'
    throw (New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, 'InvalidParameter', 'InvalidArgument', $null)
}

function Set-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VM, [string] $CheckpointType)
    $VM.CheckpointType = $CheckpointType
}

function Get-VMScsiController {
    [CmdletBinding()]
    param($VM)
    $found = Get-StubVm -CimSession ([pscustomobject]@{ ComputerName = $VM.ComputerName }) | Where-Object { [guid] $_.id -eq $VM.Id } | Select-Object -First 1
    $number = 0
    foreach ($controllerId in @($found.controllers)) {
        $drives = @($found.drives | Where-Object { $_.controllerId -eq $controllerId } | ForEach-Object {
                [pscustomobject]@{
                    VMId               = $VM.Id
                    ComputerName       = $VM.ComputerName
                    ControllerNumber   = $number
                    ControllerLocation = [int] $_.lun
                    Path               = [string] $_.path
                    StubControllerId   = [string] $controllerId
                }
            })
        [pscustomobject]@{
            Id               = Get-StubControllerInstanceId -VmId $found.id -ControllerId $controllerId
            VMId             = $VM.Id
            ComputerName     = $VM.ComputerName
            ControllerNumber = $number
            Drives           = $drives
            StubControllerId = [string] $controllerId
        }
        $number++
    }
}

function Add-VMHardDiskDrive {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VMDriveController, [int] $ControllerLocation, [string] $Path, [uint64] $MinimumIOPS, [uint64] $MaximumIOPS)
    $place = New-StubPlace -Drive ([pscustomobject]@{
            VMId               = $VMDriveController.VMId
            ComputerName       = $VMDriveController.ComputerName
            ControllerLocation = $ControllerLocation
            Path               = $Path
            StubControllerId   = $VMDriveController.StubControllerId
        })
    $null = Invoke-Stub -Op 'attach' -Arguments ($place + @{ readOnly = $false; minimumIops = $MinimumIOPS; maximumIops = $MaximumIOPS })
}

function Remove-VMHardDiskDrive {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VMHardDiskDrive)
    $null = Invoke-Stub -Op 'detach' -Arguments (New-StubPlace -Drive $VMHardDiskDrive)
}

function Set-VMHardDiskDrive {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VMHardDiskDrive, [uint64] $MinimumIOPS, [uint64] $MaximumIOPS)
    $null = Invoke-Stub -Op 'setQos' -Arguments ((New-StubPlace -Drive $VMHardDiskDrive) + @{ minimumIops = $MinimumIOPS; maximumIops = $MaximumIOPS })
}

function Get-VHD {
    [CmdletBinding()]
    param($CimSession, [string] $Path)
    $info = Invoke-Stub -Op 'diskInfo' -Arguments ([ordered]@{ host = (Get-StubHostName -CimSession $CimSession); path = $Path })
    [pscustomobject]@{
        Path               = $info.path
        VhdFormat          = 'VHDX'
        VhdType            = [Globalization.CultureInfo]::InvariantCulture.TextInfo.ToTitleCase($info.type)
        FileSize           = [uint64] $info.fileSize
        Size               = [uint64] $info.size
        MinimumSize        = $null
        LogicalSectorSize  = [uint32] $info.logicalSectorSize
        PhysicalSectorSize = [uint32] $info.physicalSectorSize
        BlockSize          = [uint32] $info.blockSize
        ParentPath         = [string] $info.parentPath
        DiskIdentifier     = $info.virtualDiskId.ToUpperInvariant()
        Attached           = $false
    }
}

function Resize-VHD {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($CimSession, [string] $Path, [uint64] $SizeBytes)
    $size = $SizeBytes.ToString([Globalization.CultureInfo]::InvariantCulture)
    $null = Invoke-Stub -Op 'resize' -Arguments ([ordered]@{ host = (Get-StubHostName -CimSession $CimSession); path = $Path; size = $size })
}

function Checkpoint-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VM, [string] $SnapshotName)
    if ($VM.CheckpointType -ne 'ProductionOnly') { throw 'the VM would make a checkpoint of another kind' }
    $null = Invoke-Stub -Op 'createCheckpoint' -Arguments ([ordered]@{ host = $VM.ComputerName; hosts = @(); vmId = $VM.Id.ToString('D'); name = $SnapshotName })
}

function Get-VMSnapshot {
    [CmdletBinding()]
    param($VM)
    $found = Get-StubVm -CimSession ([pscustomobject]@{ ComputerName = $VM.ComputerName }) | Where-Object { [guid] $_.id -eq $VM.Id } | Select-Object -First 1
    foreach ($checkpoint in @($found.checkpoints)) {
        [pscustomobject]@{ Id = [guid] $checkpoint.id; Name = $checkpoint.name; VMId = $VM.Id; ComputerName = $VM.ComputerName }
    }
}

function Remove-VMSnapshot {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VMSnapshot)
    $null = Invoke-Stub -Op 'removeCheckpoint' -Arguments ([ordered]@{
            host         = $VMSnapshot.ComputerName
            hosts        = @()
            vmId         = $VMSnapshot.VMId.ToString('D')
            checkpointId = $VMSnapshot.Id.ToString('D')
        })
}

Export-ModuleMember -Function @(
    'New-CimSession', 'Remove-CimSession', 'Get-CimInstance', 'Get-CimClass', 'New-CimInstance', 'Invoke-CimMethod',
    'Get-VM', 'Set-VM', 'Get-VMScsiController', 'Add-VMHardDiskDrive', 'Remove-VMHardDiskDrive', 'Set-VMHardDiskDrive',
    'Get-VHD', 'Resize-VHD', 'Checkpoint-VM', 'Get-VMSnapshot', 'Remove-VMSnapshot'
)
