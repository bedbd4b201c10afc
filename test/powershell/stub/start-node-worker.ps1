# Starts the worker of a Windows node over the stub, whose functions come before the commands of the same names.

Import-Module -Name 'Storage'
& ([IO.Path]::Combine($PSScriptRoot, '../../../powershell/node-worker.ps1'))
