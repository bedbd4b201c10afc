# The host's worker: does what only Hyper-V can do, for the agent that started it; docs/reference/hyperv-worker-protocol.md.

. (Join-Path -Path $PSScriptRoot -ChildPath 'worker-loop.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'hyperv-inventory.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'hyperv-changes.ps1')

$script:ProtocolVersion = 3
$script:EventSource = 'hyperv-csi'
# The well-known group Hyper-V Administrators.
$script:HyperVAdministrators = 'S-1-5-32-578'

function Test-MayManageVm {
    if (Test-IsInRole -Role ([Security.Principal.WindowsBuiltInRole]::Administrator)) { return $true }
    Test-IsInRole -Role (New-Object -TypeName Security.Principal.SecurityIdentifier -ArgumentList $script:HyperVAdministrators)
}

function Get-ClusterName {
    try { $cluster = Get-CimInstance -Namespace $script:Clustering -ClassName 'MSCluster_Cluster' -Property 'Name' | Select-Object -First 1 }
    catch {
        if (Test-IsInvalidNamespace -Record $_) { return $null }
        throw
    }
    if ($null -eq $cluster) { return $null }
    [string] $cluster.Name
}

function Get-Hello {
    [ordered]@{
        protocol     = $script:ProtocolVersion
        powershell   = [string] $PSVersionTable.PSVersion
        module       = [string] (Get-Module -Name 'Hyper-V').Version
        computer     = [Environment]::MachineName
        user         = [Environment]::UserDomainName + '\' + [Environment]::UserName
        mayManageVms = Test-MayManageVm
        cluster      = Get-ClusterName
    }
}

function Write-HostEvent {
    param($Request)
    $type = [Diagnostics.EventLogEntryType] ([string] $Request.level)
    [Diagnostics.EventLog]::WriteEntry($script:EventSource, [string] $Request.message, $type, [int] $Request.eventId)
    [ordered]@{}
}

function Invoke-Operation {
    param([string] $Name, $Request)
    switch -CaseSensitive ($Name) {
        'hello' { return Get-Hello }
        'listVms' { return Get-Inventory -HostNames $Request.hosts }
        'attach' {
            if ($Request.readOnly) {
                throw (New-WorkerFailure -Id 'HypervCsi.ReadOnlyUnsupported' -Message 'Hyper-V attaches virtual hard disks writable only')
            }
            return Invoke-Conditionally -Request $Request -Change 'attach'
        }
        'detach' { return Invoke-Conditionally -Request $Request -Change 'detach' }
        'setQos' { return Invoke-Conditionally -Request $Request -Change 'setQos' }
        'diskInfo' { return Get-DiskInfo -Request $Request }
        'resize' { return Resize-Disk -Request $Request }
        'createCheckpoint' { return New-Checkpoint -Request $Request }
        'removeCheckpoint' { return Remove-Checkpoint -Request $Request }
        'setGuestItem' { return Set-GuestItem -Request $Request }
        'writeEvent' { return Write-HostEvent -Request $Request }
        default { throw (New-WorkerFailure -Id 'HypervCsi.UnknownOperation' -Message 'there is no such operation') }
    }
}

Import-Module -Name 'Hyper-V'
Start-WorkerLoop
