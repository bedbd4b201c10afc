<#
.SYNOPSIS
Brings the node.exe that node.json names, and takes it only when its SHA-256 is the one there.
.PARAMETER From
A node.exe that was brought here in another way; it is checked in the same way. Without it the official one is fetched.
#>
[CmdletBinding()]
param([string] $From = '')

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$wanted = ConvertFrom-Json -InputObject ([IO.File]::ReadAllText((Join-Path -Path $PSScriptRoot -ChildPath 'node.json')))
$target = Join-Path -Path $PSScriptRoot -ChildPath 'node.exe'
$temporary = $target + '.unchecked'
if ($From -ne '') { [IO.File]::Copy([IO.Path]::GetFullPath($From), $temporary, $true) }
else {
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    Invoke-WebRequest -UseBasicParsing -Uri $wanted.url -OutFile $temporary
}
$digest = (Get-FileHash -LiteralPath $temporary -Algorithm SHA256).Hash.ToLowerInvariant()
if ($digest -ne $wanted.sha256) {
    [IO.File]::Delete($temporary)
    throw "this is not node.exe $($wanted.version): its SHA-256 is $digest, and $($wanted.sha256) is wanted"
}
if ([IO.File]::Exists($target)) { [IO.File]::Delete($target) }
[IO.File]::Move($temporary, $target)
Write-Host "$target is Node $($wanted.version)"
