# Changes of VMs and disks. Each looks at the present state first and is made only while what the request names still holds.

$script:UnknownCheckpoint = 'HypervCsi.CheckpointNotFound'
$script:VmNotHere = 'HypervCsi.VmNotHere'

# Msvm_ComputerSystem.EnabledState of a VM that is off.
$script:StateOff = 3

# MSCluster_Node.State of a member that its cluster has given up.
$script:MemberDown = 1

# Jobs that WMI methods start: return value, and states of Msvm_ConcreteJob.
$script:JobStarted = 4096
$script:JobCompleted = @(7, 32768)
$script:JobRunning = @(2, 3, 4, 5)
$script:SecondsPerJob = 120

# The VM in an inventory, when that host has it.
function Find-Vm {
    param($Inventory, [string] $HostName, [string] $VmId)
    $Inventory.vms | Where-Object { $_.id -eq $VmId -and $_.host -eq $HostName } | Select-Object -First 1
}

function Assert-Vm {
    param($Inventory, [string] $HostName, [string] $VmId)
    if ($null -eq (Find-Vm -Inventory $Inventory -HostName $HostName -VmId $VmId)) {
        throw (New-WorkerFailure -Id $script:VmNotHere -Message "VM $VmId is not on $HostName")
    }
}

# True when every member of the cluster that is not down was asked and has answered: any other may have a VM with the disk.
function Test-IsComplete {
    param($Inventory, [string[]] $HostNames)
    $silent = @($Inventory.unreachable | ForEach-Object { $_.host })
    $untold = @($Inventory.nodes | Where-Object { $_.state -ne $script:MemberDown -and ($HostNames -notcontains $_.name -or $silent -contains $_.name) })
    $untold.Count -eq 0
}

# True while the slot is free and no VM of any member has the disk, as its drive or at the base of a chain.
function Test-MayAttach {
    param($Inventory, $Place)
    if (-not (Test-IsComplete -Inventory $Inventory -HostNames $Place.hosts)) { return $false }
    $vm = Find-Vm -Inventory $Inventory -HostName $Place.host -VmId $Place.vmId
    if ($null -eq $vm) { return $false }
    $controller = $vm.controllers | Where-Object { $_.id -eq $Place.controllerId } | Select-Object -First 1
    if ($null -eq $controller -or $controller.usedLuns -contains [int] $Place.lun) { return $false }
    $holders = @($Inventory.vms | ForEach-Object { $_.drives } | Where-Object { $_.path -eq $Place.path -or $_.basePath -eq $Place.path })
    $holders.Count -eq 0
}

# True while exactly that drive is in that slot.
function Test-HasDrive {
    param($Inventory, $Place)
    $vm = Find-Vm -Inventory $Inventory -HostName $Place.host -VmId $Place.vmId
    if ($null -eq $vm) { return $false }
    $drives = @($vm.drives | Where-Object { $_.controllerId -eq $Place.controllerId -and $_.lun -eq [int] $Place.lun -and $_.path -ceq $Place.path })
    $drives.Count -eq 1
}

# True unless the VM was to be off and is not.
function Test-StateAllows {
    param($Inventory, $Request, [string] $Change)
    if ($Change -ne 'detach' -or -not $Request.onlyWhenOff) { return $true }
    $vm = Find-Vm -Inventory $Inventory -HostName $Request.host -VmId $Request.vmId
    $vm.state -eq $script:StateOff
}

function Get-VmObject {
    param($Session, [string] $VmId)
    Get-VM -CimSession $Session -Id ([guid] $VmId)
}

# InstanceID of the controller with this VMBus id: what the cmdlets' objects carry as Id.
function Get-ControllerInstanceId {
    param($Session, [string] $VmId, [string] $ControllerId)
    $resources = Get-VirtualizationInstance -Session $Session -Class 'Msvm_ResourceAllocationSettingData' -Property 'InstanceID', 'ResourceSubType', 'VirtualSystemIdentifiers'
    $controller = $resources | Where-Object {
        $_.ResourceSubType -eq $script:ScsiController -and (Get-OwnerId -InstanceId $_.InstanceID) -eq $VmId -and
        (ConvertTo-PlainGuid -Text @($_.VirtualSystemIdentifiers)[0]) -eq $ControllerId
    } | Select-Object -First 1
    [string] $controller.InstanceID
}

function Get-ControllerObject {
    param($Session, $Place)
    $instanceId = Get-ControllerInstanceId -Session $Session -VmId $Place.vmId -ControllerId $Place.controllerId
    Get-VMScsiController -VM (Get-VmObject -Session $Session -VmId $Place.vmId) | Where-Object { $_.Id -eq $instanceId } | Select-Object -First 1
}

function Get-DriveObject {
    param($Session, $Place)
    $controller = Get-ControllerObject -Session $Session -Place $Place
    @($controller.Drives) | Where-Object { $_.ControllerLocation -eq [int] $Place.lun -and $_.Path -ceq $Place.path } | Select-Object -First 1
}

# Iops of the protocol, where 0 stands for none, as the cmdlets take them.
function Get-IopsParameter {
    param($Request)
    @{ MinimumIOPS = [long] $Request.minimumIops; MaximumIOPS = [long] $Request.maximumIops }
}

function Add-Drive {
    param($Session, $Request)
    $controller = Get-ControllerObject -Session $Session -Place $Request
    $iops = Get-IopsParameter -Request $Request
    $null = Add-VMHardDiskDrive -VMDriveController $controller -ControllerLocation ([int] $Request.lun) -Path $Request.path @iops
}

# Looks, changes when what the request names holds, and looks again.
function Invoke-Conditionally {
    param($Request, [string] $Change)
    $before = Get-Inventory -HostNames $Request.hosts
    $holds = $(if ($Change -eq 'attach') { Test-MayAttach -Inventory $before -Place $Request } else { Test-HasDrive -Inventory $before -Place $Request })
    $holds = $holds -and (Test-StateAllows -Inventory $before -Request $Request -Change $Change)
    if (-not $holds) { return [ordered]@{ done = $false; inventory = $before } }
    $session = Open-HostSession -HostName $Request.host
    try {
        switch ($Change) {
            'attach' { Add-Drive -Session $session -Request $Request }
            'detach' { Remove-VMHardDiskDrive -VMHardDiskDrive (Get-DriveObject -Session $session -Place $Request) }
            'setQos' {
                $iops = Get-IopsParameter -Request $Request
                Set-VMHardDiskDrive -VMHardDiskDrive (Get-DriveObject -Session $session -Place $Request) @iops
            }
        }
    }
    finally { Remove-CimSession -CimSession $session }
    [ordered]@{ done = $true; inventory = (Get-Inventory -HostNames $Request.hosts) }
}

function ConvertTo-ByteText {
    param($Bytes)
    ([decimal] $Bytes).ToString('0', [Globalization.CultureInfo]::InvariantCulture)
}

function New-DiskAnswer {
    param($Session, [string] $Path)
    $disk = Get-VHD -CimSession $Session -Path $Path
    [ordered]@{
        path               = [string] $disk.Path
        virtualDiskId      = ConvertTo-PlainGuid -Text $disk.DiskIdentifier
        type               = ([string] $disk.VhdType).ToLowerInvariant()
        size               = ConvertTo-ByteText -Bytes $disk.Size
        fileSize           = ConvertTo-ByteText -Bytes $disk.FileSize
        minimumSize        = ConvertTo-ByteText -Bytes $(if ($null -eq $disk.MinimumSize) { 0 } else { $disk.MinimumSize })
        blockSize          = [long] $disk.BlockSize
        logicalSectorSize  = [int] $disk.LogicalSectorSize
        physicalSectorSize = [int] $disk.PhysicalSectorSize
        parentPath         = $(if ([string] $disk.ParentPath -eq '') { $null } else { [string] $disk.ParentPath })
    }
}

function Get-DiskInfo {
    param($Request)
    $session = Open-HostSession -HostName $Request.host
    try { New-DiskAnswer -Session $session -Path $Request.path }
    finally { Remove-CimSession -CimSession $session }
}

function Resize-Disk {
    param($Request)
    $size = [uint64]::Parse($Request.size, [Globalization.CultureInfo]::InvariantCulture)
    $session = Open-HostSession -HostName $Request.host
    try {
        $disk = Get-VHD -CimSession $session -Path $Request.path
        if ([uint64] $disk.Size -lt $size) { Resize-VHD -CimSession $session -Path $Request.path -SizeBytes $size }
        New-DiskAnswer -Session $session -Path $Request.path
    }
    finally { Remove-CimSession -CimSession $session }
}

# Production, and nothing in its place: the VM's own setting is put back however it ends.
function New-Checkpoint {
    param($Request)
    Assert-Vm -Inventory (Get-Inventory -HostNames $Request.hosts) -HostName $Request.host -VmId $Request.vmId
    $session = Open-HostSession -HostName $Request.host
    try {
        $vm = Get-VmObject -Session $session -VmId $Request.vmId
        $before = $vm.CheckpointType
        if ([string] $before -ne 'ProductionOnly') { Set-VM -VM $vm -CheckpointType 'ProductionOnly' }
        try { Checkpoint-VM -VM $vm -SnapshotName $Request.name }
        finally { if ([string] $before -ne 'ProductionOnly') { Set-VM -VM $vm -CheckpointType $before } }
    }
    finally { Remove-CimSession -CimSession $session }
    Get-Inventory -HostNames $Request.hosts
}

# Begins the merge, which goes on in the host.
function Remove-Checkpoint {
    param($Request)
    Assert-Vm -Inventory (Get-Inventory -HostNames $Request.hosts) -HostName $Request.host -VmId $Request.vmId
    $session = Open-HostSession -HostName $Request.host
    try {
        $checkpoints = @(Get-VMSnapshot -VM (Get-VmObject -Session $session -VmId $Request.vmId))
        $checkpoint = $checkpoints | Where-Object { $_.Id -eq [guid] $Request.checkpointId } | Select-Object -First 1
        if ($null -eq $checkpoint) {
            throw (New-WorkerFailure -Id $script:UnknownCheckpoint -Message "VM $($Request.vmId) has no checkpoint $($Request.checkpointId)")
        }
        Remove-VMSnapshot -VMSnapshot $checkpoint -Confirm:$false
    }
    finally { Remove-CimSession -CimSession $session }
    Get-Inventory -HostNames $Request.hosts
}

# An item for the guest as WMI's methods take it: an object in text.
function New-GuestItemText {
    param($Session, $Request)
    $class = Get-CimClass -CimSession $Session -Namespace $script:Virtualization -ClassName 'Msvm_KvpExchangeDataItem'
    $item = New-CimInstance -CimClass $class -Property @{ Name = $Request.name; Data = $Request.value; Source = [uint16] 0 } -ClientOnly
    $serializer = [Microsoft.Management.Infrastructure.Serialization.CimSerializer]::Create()
    [Text.Encoding]::Unicode.GetString($serializer.Serialize($item, [Microsoft.Management.Infrastructure.Serialization.InstanceSerializationOptions]::None))
}

# Waits for the job that a WMI method has started; its error is the failure's HRESULT.
function Wait-WmiJob {
    param($Session, $Outcome, [string] $What)
    if ($Outcome.ReturnValue -eq 0) { return }
    if ($Outcome.ReturnValue -ne $script:JobStarted) {
        throw (New-WorkerFailure -Id 'HypervCsi.JobFailed' -Message "$What returned $($Outcome.ReturnValue)")
    }
    $until = [DateTime]::UtcNow.AddSeconds($script:SecondsPerJob)
    $job = Get-CimInstance -CimSession $Session -InputObject $Outcome.Job
    while ($script:JobRunning -contains [int] $job.JobState -and [DateTime]::UtcNow -lt $until) {
        Start-Sleep -Milliseconds 100
        $job = Get-CimInstance -CimSession $Session -InputObject $Outcome.Job
    }
    if ($script:JobCompleted -contains [int] $job.JobState) { return }
    $code = $(if ([int] $job.ErrorCode -eq 0) { $script:OwnResult } else { [int] $job.ErrorCode })
    throw (New-WorkerFailure -Id 'HypervCsi.JobFailed' -Message "$What ended in state $($job.JobState): $($job.ErrorDescription)" -HResult $code)
}

# What the guest reads in its key-value pool 0.
function Set-GuestItem {
    param($Request)
    $session = Open-HostSession -HostName $Request.host
    try {
        $systems = Get-CimInstance -CimSession $session -Namespace $script:Virtualization -ClassName 'Msvm_ComputerSystem' -Property 'Name'
        $system = $systems | Where-Object { $_.Name -eq $Request.vmId } | Select-Object -First 1
        if ($null -eq $system) { throw (New-WorkerFailure -Id $script:VmNotHere -Message "VM $($Request.vmId) is not on $($Request.host)") }
        $service = Get-CimInstance -CimSession $session -Namespace $script:Virtualization -ClassName 'Msvm_VirtualSystemManagementService'
        $items = @{ TargetSystem = $system; DataItems = [string[]] @(New-GuestItemText -Session $session -Request $Request) }
        $modified = Invoke-CimMethod -CimSession $session -InputObject $service -MethodName 'ModifyKvpItems' -Arguments $items
        try { Wait-WmiJob -Session $session -Outcome $modified -What 'ModifyKvpItems' }
        catch {
            # An item that is not there yet can't be modified.
            $added = Invoke-CimMethod -CimSession $session -InputObject $service -MethodName 'AddKvpItems' -Arguments $items
            Wait-WmiJob -Session $session -Outcome $added -What 'AddKvpItems'
        }
    }
    finally { Remove-CimSession -CimSession $session }
    [ordered]@{}
}
