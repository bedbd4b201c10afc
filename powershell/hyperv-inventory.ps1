# Everything there is to tell of the VMs of some hosts, read anew at each call, in a few queries whatever their number.

$script:Virtualization = 'root/virtualization/v2'
$script:Clustering = 'root/MSCluster'

# Only this bounds a call to a host that is dead: other time limits return much later.
$script:SecondsPerQuery = 10

$script:RealizedVm = 'Microsoft:Hyper-V:System:Realized'
$script:RealizedCheckpoint = 'Microsoft:Hyper-V:Snapshot:Realized'
$script:ScsiController = 'Microsoft:Hyper-V:Synthetic SCSI Controller'
$script:VirtualDisk = 'Microsoft:Hyper-V:Virtual Hard Disk'
$script:ReadableOnly = 1

# A session for one host, to be removed by the caller; without a name it is for this machine.
function Open-HostSession {
    param([string] $HostName)
    if ($HostName -eq '' -or $HostName -eq [Environment]::MachineName) {
        return New-CimSession -OperationTimeoutSec $script:SecondsPerQuery
    }
    New-CimSession -ComputerName $HostName -OperationTimeoutSec $script:SecondsPerQuery
}

function Get-VirtualizationInstance {
    param($Session, [string] $Class, [string[]] $Property)
    @(Get-CimInstance -CimSession $Session -Namespace $script:Virtualization -ClassName $Class -Property $Property -OperationTimeoutSec $script:SecondsPerQuery)
}

# "{6F1C0C4E-...}" as the protocol has GUIDs.
function ConvertTo-PlainGuid {
    param([string] $Text)
    ([guid] $Text).ToString('D')
}

# What InstanceIDs begin with: the id of the VM, or of the checkpoint, that a setting belongs to.
function Get-OwnerId {
    param([string] $InstanceId)
    if ($InstanceId -match '^Microsoft:([0-9A-Fa-f-]{36})') { return $Matches[1].ToLowerInvariant() }
    ''
}

# The InstanceID in the path of another object, as Parent has it.
function Get-ReferredId {
    param([string] $Reference)
    if ($Reference -match 'InstanceID="(.+)"$') { return $Matches[1].Replace('\\', '\') }
    ''
}

# Follows the parents of a checkpoint's file to the base of the chain; null where they can't be read.
function Get-BasePath {
    param($Session, [string] $Path)
    $current = $Path
    # No chain is longer: a VM has 50 checkpoints at most.
    for ($step = 0; $step -lt 64; $step++) {
        if (-not $current.EndsWith('.avhdx', [StringComparison]::OrdinalIgnoreCase)) { return $current }
        try { $current = [string] (Get-VHD -CimSession $Session -Path $current).ParentPath }
        catch { return $null }
        if ($current -eq '') { return $null }
    }
    $null
}

function New-DriveAnswer {
    param($Session, $Disk, $Slot, [string] $ControllerId)
    $path = [string] @($Disk.HostResource)[0]
    [ordered]@{
        controllerId = $ControllerId
        lun          = [int] $Slot.AddressOnParent
        path         = $path
        basePath     = (Get-BasePath -Session $Session -Path $path)
        readOnly     = ($Disk.Access -eq $script:ReadableOnly)
        minimumIops  = [long] $Disk.IOPSReservation
        maximumIops  = [long] $Disk.IOPSLimit
    }
}

# Settings by the VM or checkpoint that they belong to, in the order in which they came.
function Group-ByOwner {
    param([object[]] $Settings)
    $groups = @{}
    foreach ($setting in $Settings) {
        $owner = Get-OwnerId -InstanceId $setting.InstanceID
        if (-not $groups.ContainsKey($owner)) { $groups[$owner] = New-Object -TypeName System.Collections.Generic.List[object] }
        $groups[$owner].Add($setting)
    }
    $groups
}

# The list under a key, empty where there is none.
function Get-Listed {
    param([hashtable] $Groups, [string] $Key)
    if ($Groups.ContainsKey($Key)) { return , $Groups[$Key].ToArray() }
    , @()
}

# Controllers, units in use and virtual disks of one VM.
function Get-VmStorage {
    param($Session, [object[]] $Resources, [object[]] $Disks)
    $controllers = @($Resources | Where-Object { $_.ResourceSubType -eq $script:ScsiController })
    $slotsOf = @{}
    foreach ($resource in @($Resources | Where-Object { $_.Parent })) {
        $parent = Get-ReferredId -Reference $resource.Parent
        if (-not $slotsOf.ContainsKey($parent)) { $slotsOf[$parent] = New-Object -TypeName System.Collections.Generic.List[object] }
        $slotsOf[$parent].Add($resource)
    }
    $diskOf = @{}
    foreach ($disk in $Disks) { $diskOf[(Get-ReferredId -Reference $disk.Parent)] = $disk }
    $answers = New-Object -TypeName System.Collections.Generic.List[object]
    $drives = New-Object -TypeName System.Collections.Generic.List[object]
    for ($number = 0; $number -lt $controllers.Count; $number++) {
        $controller = $controllers[$number]
        $controllerId = ConvertTo-PlainGuid -Text @($controller.VirtualSystemIdentifiers)[0]
        $slots = Get-Listed -Groups $slotsOf -Key $controller.InstanceID
        foreach ($slot in $slots) {
            if (-not $diskOf.ContainsKey($slot.InstanceID)) { continue }
            $drives.Add((New-DriveAnswer -Session $Session -Disk $diskOf[$slot.InstanceID] -Slot $slot -ControllerId $controllerId))
        }
        $answers.Add([ordered]@{ id = $controllerId; number = $number; usedLuns = @($slots | ForEach-Object { [int] $_.AddressOnParent }) })
    }
    [ordered]@{ controllers = $answers.ToArray(); drives = $drives.ToArray() }
}

function New-VmAnswer {
    param($Session, [string] $HostName, $Setting, [int] $State, [object[]] $Resources, [object[]] $Disks, [object[]] $Checkpoints)
    $storage = Get-VmStorage -Session $Session -Resources $Resources -Disks $Disks
    [ordered]@{
        id          = ConvertTo-PlainGuid -Text $Setting.VirtualSystemIdentifier
        name        = [string] $Setting.ElementName
        host        = $HostName
        state       = $State
        generation  = $(if ($Setting.VirtualSystemSubType -eq 'Microsoft:Hyper-V:SubType:2') { 2 } else { 1 })
        path        = [string] $Setting.ConfigurationDataRoot
        controllers = $storage.controllers
        drives      = $storage.drives
        checkpoints = @($Checkpoints | ForEach-Object {
                [ordered]@{
                    id        = Get-OwnerId -InstanceId $_.InstanceID
                    name      = [string] $_.ElementName
                    createdAt = $_.CreationTime.ToUniversalTime().ToString('o', [Globalization.CultureInfo]::InvariantCulture)
                }
            })
    }
}

# All realized VMs of one host.
function Get-HostVm {
    param($Session, [string] $HostName)
    $states = @{}
    foreach ($system in (Get-VirtualizationInstance -Session $Session -Class 'Msvm_ComputerSystem' -Property 'Name', 'EnabledState')) {
        $states[[string] $system.Name] = [int] $system.EnabledState
    }
    $settings = Get-VirtualizationInstance -Session $Session -Class 'Msvm_VirtualSystemSettingData' -Property 'InstanceID', 'ElementName', 'VirtualSystemIdentifier', 'VirtualSystemType', 'VirtualSystemSubType', 'ConfigurationDataRoot', 'CreationTime'
    $resources = Group-ByOwner -Settings (Get-VirtualizationInstance -Session $Session -Class 'Msvm_ResourceAllocationSettingData' -Property 'InstanceID', 'ResourceSubType', 'Parent', 'AddressOnParent', 'VirtualSystemIdentifiers')
    $disks = Get-VirtualizationInstance -Session $Session -Class 'Msvm_StorageAllocationSettingData' -Property 'InstanceID', 'ResourceSubType', 'Parent', 'HostResource', 'Access', 'IOPSReservation', 'IOPSLimit'
    $disks = Group-ByOwner -Settings @($disks | Where-Object { $_.ResourceSubType -eq $script:VirtualDisk })
    $checkpoints = @{}
    foreach ($setting in @($settings | Where-Object { $_.VirtualSystemType -eq $script:RealizedCheckpoint })) {
        $vmId = ConvertTo-PlainGuid -Text $setting.VirtualSystemIdentifier
        if (-not $checkpoints.ContainsKey($vmId)) { $checkpoints[$vmId] = New-Object -TypeName System.Collections.Generic.List[object] }
        $checkpoints[$vmId].Add($setting)
    }
    foreach ($setting in @($settings | Where-Object { $_.VirtualSystemType -eq $script:RealizedVm })) {
        $id = [string] $setting.VirtualSystemIdentifier
        $vmId = ConvertTo-PlainGuid -Text $id
        $state = $(if ($states.ContainsKey($id)) { $states[$id] } else { 0 })
        New-VmAnswer -Session $Session -HostName $HostName -Setting $setting -State $state -Resources (Get-Listed -Groups $resources -Key $vmId) -Disks (Get-Listed -Groups $disks -Key $vmId) -Checkpoints (Get-Listed -Groups $checkpoints -Key $vmId)
    }
}

# Members of the failover cluster with their states, which the agent judges; none without one.
function Get-ClusterMember {
    try {
        $nodes = @(Get-CimInstance -Namespace $script:Clustering -ClassName 'MSCluster_Node' -Property 'Name', 'State' -OperationTimeoutSec $script:SecondsPerQuery)
    }
    catch {
        if (Test-IsInvalidNamespace -Record $_) { return }
        throw
    }
    foreach ($node in $nodes) {
        # Null would become 0, which is up; -1 is a state that nobody knows.
        [ordered]@{ name = [string] $node.Name; state = [long] $(if ($null -eq $node.State) { -1 } else { $node.State }) }
    }
}

# What was seen of all hosts; one that does not answer is told, and the others are answered.
function Get-Inventory {
    param([string[]] $HostNames)
    $asked = @($HostNames | Where-Object { $_ })
    if ($asked.Count -eq 0) { $asked = @([Environment]::MachineName) }
    $vms = New-Object -TypeName System.Collections.Generic.List[object]
    $unreachable = New-Object -TypeName System.Collections.Generic.List[object]
    foreach ($name in $asked) {
        try {
            $session = Open-HostSession -HostName $name
            try { foreach ($vm in @(Get-HostVm -Session $session -HostName $name)) { $vms.Add($vm) } }
            finally { Remove-CimSession -CimSession $session }
        }
        catch { $unreachable.Add([ordered]@{ host = $name; message = [string] $_.Exception.Message }) }
    }
    [ordered]@{ vms = $vms.ToArray(); unreachable = $unreachable.ToArray(); nodes = @(Get-ClusterMember) }
}
