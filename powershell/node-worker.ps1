# The worker of a Windows node: does what only Windows' storage can do, for the node plugin that started it;
# docs/reference/windows-node-worker-protocol.md.

. (Join-Path -Path $PSScriptRoot -ChildPath 'worker-loop.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'node-survey.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'node-changes.ps1')

$script:ProtocolVersion = 2

function Get-Hello {
    $module = Get-Module -Name 'Storage' -ListAvailable | Select-Object -First 1
    [ordered]@{
        protocol       = $script:ProtocolVersion
        powershell     = [string] $PSVersionTable.PSVersion
        module         = $(if ($null -eq $module) { '' } else { [string] $module.Version })
        windows        = [string] [Environment]::OSVersion.Version
        computer       = [Environment]::MachineName
        user           = [Environment]::UserDomainName + '\' + [Environment]::UserName
        mayManageDisks = Test-IsInRole -Role ([Security.Principal.WindowsBuiltInRole]::Administrator)
    }
}

function Invoke-Operation {
    param([string] $Name, $Request)
    switch -CaseSensitive ($Name) {
        'hello' { return Get-Hello }
        'guestItems' { return Get-GuestItem }
        'survey' { return Get-Survey }
        'rescan' { return Update-Storage }
        'setOnline' { return Set-DiskOnline -Request $Request }
        'setOffline' { return Set-DiskOffline -Request $Request }
        'setReadOnly' { return Set-DiskReadOnly -Request $Request }
        'read' { return Read-Disk -Request $Request }
        'initialise' { return Initialize-NamedDisk -Request $Request }
        'createPartition' { return New-DataPartition -Request $Request }
        'format' { return Format-Partition -Request $Request }
        'addAccessPath' { return Add-AccessPath -Request $Request }
        'removeAccessPath' { return Remove-AccessPath -Request $Request }
        'mountPoint' { return [ordered]@{ target = (Get-MountPointTarget -Path $Request.path) } }
        'removeMountPoint' { return Remove-DeadMountPoint -Request $Request }
        'volume' { return New-VolumeAnswer -Volume (Get-NamedVolume -Path $Request.path) }
        'flush' {
            $null = Invoke-Storage -Object (Get-NamedVolume -Path $Request.path) -Method 'Flush'
            return [ordered]@{}
        }
        'supportedSize' { return Get-SupportedSize -Request $Request }
        'resize' { return Resize-NamedPartition -Request $Request }
        default { throw (New-WorkerFailure -Id 'HypervCsi.UnknownOperation' -Message 'there is no such operation') }
    }
}

Add-Type -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath 'node-calls.cs')
Start-WorkerLoop
