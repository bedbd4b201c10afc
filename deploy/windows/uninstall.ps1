<#
.SYNOPSIS
Takes the service and the program of the Hyper-V CSI agent away.
.DESCRIPTION
Volumes, configuration and keys stay, and disks that are attached to VMs stay attached. With -WhatIf it shows what it
would do and changes nothing.
.PARAMETER NodeExe
node.exe of version 24 or newer; node.exe beside this script, where get-node.ps1 puts it, when it is not given.
.PARAMETER ConfigDirectory
Where agent.yaml is, when it is not in C:\ProgramData\hyperv-csi.
.PARAMETER Clustered
The agent is a role of the failover cluster: this member must not run it now.
.PARAMETER IncludeInDefender
Microsoft Defender looks into the pools again.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string] $NodeExe = '',
    [string] $ConfigDirectory,
    [switch] $Clustered,
    [switch] $IncludeInDefender
)

. (Join-Path -Path $PSScriptRoot -ChildPath 'installer/run-plan.ps1')

$wishes = [ordered]@{
    group               = $null
    pools               = @()
    port                = 9810
    configDirectory     = $(if ($ConfigDirectory -eq '') { $null } else { $ConfigDirectory })
    clustered           = [bool] $Clustered
    excludeFromDefender = [bool] $IncludeInDefender
    remoteAddresses     = 'any'
}
Start-Plan -Command 'uninstall-plan' -Archive $PSScriptRoot -NodeExe $NodeExe -Account '' -Wishes $wishes -OnlyShow ([bool] $WhatIfPreference)
