# What install.ps1, upgrade.ps1 and uninstall.ps1 share: facts, a plan, and its steps.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

. (Join-Path -Path $PSScriptRoot -ChildPath 'facts.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'steps.ps1')

function Start-Plan {
    param([string] $Command, [string] $Archive, [string] $NodeExe, [string] $Account, $Wishes, [bool] $OnlyShow)
    $node = $(if ($NodeExe -eq '') { [IO.Path]::Combine($Archive, 'node.exe') } else { [IO.Path]::GetFullPath($NodeExe) })
    if (-not [IO.File]::Exists($node)) { throw "$node is not there: run get-node.ps1, or give -NodeExe" }
    $facts = Get-MachineFact -Archive $Archive -NodeExe $node -ConfigDirectory ([string] $Wishes.configDirectory) -Account $Account -Port $Wishes.port
    $plan = Get-Plan -NodeExe $node -Archive $Archive -Command $Command -Facts $facts -Wishes $Wishes
    if ($OnlyShow) { Show-Plan -Plan $plan } else { Invoke-Plan -Plan $plan }
}
