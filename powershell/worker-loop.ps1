# Reads a JSON request per line and writes a JSON answer per line; docs/reference/hyperv-worker-protocol.md.
# The script that loads this defines Invoke-Operation. Windows PowerShell 5.1 and PowerShell 7.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$InformationPreference = 'SilentlyContinue'
$ConfirmPreference = 'None'

# HRESULTs that say only that .NET threw something: the exception inside knows more.
$script:GenericResults = @(-2146233088, -2146233087, -2146233079)

# WBEM_E_INVALID_NAMESPACE
$script:InvalidNamespace = -2147217394

# E_FAIL, for failures that are told by their id alone.
$script:OwnResult = -2147467259

# A failure of ours, known by its id.
function New-WorkerFailure {
    param([string] $Id, [string] $Message, [int] $HResult = $script:OwnResult)
    $exception = New-Object -TypeName System.Runtime.InteropServices.COMException -ArgumentList $Message, $HResult
    New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $Id, 'NotSpecified', $null
}

# The HRESULT that an exception tells, 0 for none. CIM's exceptions have it in their message id, and those of Hyper-V's
# cmdlets as a number in their text, which is the same in every language.
function Get-ToldResult {
    param([System.Exception] $Exception)
    if ($script:GenericResults -notcontains $Exception.HResult) { return $Exception.HResult }
    foreach ($name in @('MessageId', 'Message')) {
        $property = $Exception.PSObject.Properties[$name]
        if ($null -ne $property -and [string] $property.Value -match '0x([89A-Fa-f][0-9A-Fa-f]{7})\b') {
            return [Convert]::ToInt32($Matches[1], 16)
        }
    }
    0
}

# The exception that knows the most: the innermost one that tells an HRESULT.
function Get-TellingException {
    param([System.Exception] $Exception)
    $telling = $Exception
    $current = $Exception
    while ($null -ne $current) {
        if ((Get-ToldResult -Exception $current) -ne 0) { $telling = $current }
        $current = $current.InnerException
    }
    $telling
}

# True when an error says that the machine has no such WMI namespace, so that what it belongs to is not installed.
function Test-IsInvalidNamespace {
    param([System.Management.Automation.ErrorRecord] $Record)
    (Get-ToldResult -Exception (Get-TellingException -Exception $Record.Exception)) -eq $script:InvalidNamespace
}

# Whether the user of this process has a role: a built-in one, or a group by its id.
function Test-IsInRole {
    param($Role)
    # Elsewhere there is only what stands in for Windows in tests, and no such roles.
    if ([Environment]::OSVersion.Platform -ne [PlatformID]::Win32NT) { return $true }
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName Security.Principal.WindowsPrincipal -ArgumentList $identity
    $principal.IsInRole($Role)
}

function ConvertTo-ErrorAnswer {
    param([System.Management.Automation.ErrorRecord] $Record)
    $telling = Get-TellingException -Exception $Record.Exception
    $result = Get-ToldResult -Exception $telling
    [ordered]@{
        hresult               = $(if ($result -eq 0) { [int] $telling.HResult } else { [int] $result })
        fullyQualifiedErrorId = [string] $Record.FullyQualifiedErrorId
        category              = [string] $Record.CategoryInfo.Category
        message               = [string] $telling.Message
    }
}

function Get-AnswerLine {
    param([string] $Line)
    $id = 0
    try {
        $request = ConvertFrom-Json -InputObject $Line
        $id = $request.id
        $result = Invoke-Operation -Name ([string] $request.op) -Request $request.args
        $answer = [ordered]@{ id = $id; result = $result }
    }
    catch {
        $answer = [ordered]@{ id = $id; error = (ConvertTo-ErrorAnswer -Record $_) }
    }
    ConvertTo-Json -InputObject $answer -Compress -Depth 10
}

# Ends with the input. Raw streams: hosts of PowerShell write to the console's own, and those are silenced.
function Start-WorkerLoop {
    $utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $reader = New-Object -TypeName System.IO.StreamReader -ArgumentList ([Console]::OpenStandardInput()), $utf8
    $writer = New-Object -TypeName System.IO.StreamWriter -ArgumentList ([Console]::OpenStandardOutput()), $utf8
    $writer.NewLine = "`n"
    $writer.AutoFlush = $true
    [Console]::SetOut([System.IO.TextWriter]::Null)
    while ($null -ne ($line = $reader.ReadLine())) {
        if ($line.Trim() -eq '') { continue }
        $writer.WriteLine((Get-AnswerLine -Line $line))
    }
}
