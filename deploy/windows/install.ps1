<#
.SYNOPSIS
Installs the Hyper-V CSI agent as a Windows service.
.DESCRIPTION
Looks at the machine, makes directories, a key and a configuration, opens the firewall's port, registers the service,
starts it and waits until it serves. With -WhatIf it shows all of that and changes nothing. README.md tells more.
.PARAMETER Group
Name of this host in volume handles: lower-case letters, digits and "-". It can't change while volumes exist. In a
cluster it is the cluster's name.
.PARAMETER Pool
Directories where volumes live, each as PATH or NAME=PATH.
.PARAMETER NodeExe
node.exe of version 24 or newer; node.exe beside this script, where get-node.ps1 puts it, when it is not given.
.PARAMETER Account
A group managed service account, DOMAIN\name$; LocalSystem when it is not given.
.PARAMETER Clustered
The agent is to be a role of the failover cluster.
.PARAMETER ExcludeFromDefender
Microsoft Defender does not look into the pools, as is usual for disks of VMs.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $Group,
    [string[]] $Pool = @(),
    [int] $Port = 9810,
    [string] $NodeExe = '',
    [string] $ConfigDirectory,
    [string] $Account = '',
    [string] $RemoteAddresses = 'any',
    [switch] $Clustered,
    [switch] $ExcludeFromDefender
)

. (Join-Path -Path $PSScriptRoot -ChildPath 'installer/run-plan.ps1')

$wishes = [ordered]@{
    group               = $(if ($Group -eq '') { $null } else { $Group })
    pools               = @($Pool)
    port                = $Port
    configDirectory     = $(if ($ConfigDirectory -eq '') { $null } else { $ConfigDirectory })
    clustered           = [bool] $Clustered
    excludeFromDefender = [bool] $ExcludeFromDefender
    remoteAddresses     = $RemoteAddresses
}
Start-Plan -Command 'install-plan' -Archive $PSScriptRoot -NodeExe $NodeExe -Account $Account -Wishes $wishes -OnlyShow ([bool] $WhatIfPreference)
