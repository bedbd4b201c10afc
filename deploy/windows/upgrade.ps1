<#
.SYNOPSIS
Brings this version of the Hyper-V CSI agent in place of the one that is installed.
.DESCRIPTION
Configuration, keys and volumes are not touched. When the new version does not serve within five minutes, the service
runs the one before again. With -WhatIf it shows what it would do and changes nothing.
.PARAMETER NodeExe
node.exe of version 24 or newer; node.exe beside this script, where get-node.ps1 puts it, when it is not given.
.PARAMETER ConfigDirectory
Where agent.yaml is, when it is not in C:\ProgramData\hyperv-csi.
.PARAMETER Clustered
The agent is a role of the failover cluster: this member must not run it now.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $NodeExe = '',
    [string] $ConfigDirectory,
    [switch] $Clustered
)

. (Join-Path -Path $PSScriptRoot -ChildPath 'installer/run-plan.ps1')

$wishes = [ordered]@{
    group               = $null
    pools               = @()
    port                = 9810
    configDirectory     = $(if ($ConfigDirectory -eq '') { $null } else { $ConfigDirectory })
    clustered           = [bool] $Clustered
    excludeFromDefender = $false
    remoteAddresses     = 'any'
}
Start-Plan -Command 'upgrade-plan' -Archive $PSScriptRoot -NodeExe $NodeExe -Account '' -Wishes $wishes -OnlyShow ([bool] $WhatIfPreference)
