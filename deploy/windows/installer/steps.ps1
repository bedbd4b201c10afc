# Does what a plan says, step by step. What is done, and with which words, was decided by the program that made the plan.

$script:Utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false

# Runs the program from the archive: text in, text out. What it complains of is shown.
function Invoke-Bundle {
    param([string] $NodeExe, [string] $Archive, [string] $Command, [string] $InputText)
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = $NodeExe
    $start.Arguments = 'hyperv-csi.mjs agent ' + $Command
    $start.WorkingDirectory = $Archive
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.StandardOutputEncoding = $script:Utf8
    $process = [Diagnostics.Process]::Start($start)
    $bytes = $script:Utf8.GetBytes($InputText)
    # The stream itself: its writer would use the console's code page.
    $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
    $process.StandardInput.BaseStream.Close()
    $text = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    if ($process.ExitCode -ne 0) { throw "hyperv-csi agent $Command ended with exit code $($process.ExitCode)" }
    $text
}

function Get-Plan {
    param([string] $NodeExe, [string] $Archive, [string] $Command, $Facts, $Wishes)
    $request = ConvertTo-Json -InputObject ([ordered]@{ facts = $Facts; wishes = $Wishes }) -Compress -Depth 6
    ConvertFrom-Json -InputObject (Invoke-Bundle -NodeExe $NodeExe -Archive $Archive -Command $Command -InputText $request)
}

function Invoke-Program {
    param($Step)
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = $Step.program
    $start.Arguments = $Step.arguments
    $start.UseShellExecute = $false
    $process = [Diagnostics.Process]::Start($start)
    $process.WaitForExit()
    if (@($Step.exitCodes) -notcontains $process.ExitCode) {
        throw "$($Step.program) $($Step.arguments) ended with exit code $($process.ExitCode)"
    }
}

function New-KeyFile {
    param([string] $Path)
    if ([IO.File]::Exists($Path)) { return }
    $bytes = New-Object -TypeName 'byte[]' -ArgumentList 32
    $random = [Security.Cryptography.RandomNumberGenerator]::Create()
    try { $random.GetBytes($bytes) } finally { $random.Dispose() }
    [IO.File]::WriteAllText($Path, [BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant())
}

function Wait-AgentService {
    param([string] $State, [int] $Seconds)
    $until = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $service = Get-Service -Name $script:ServiceName -ErrorAction SilentlyContinue
        $found = $(if ($null -eq $service) { 'Stopped' } else { [string] $service.Status })
        if ($found -eq $State) { return }
        if ($until.Elapsed.TotalSeconds -ge $Seconds) { throw "the service is $found after $Seconds seconds" }
        Start-Sleep -Milliseconds 500
    }
}

function New-PlannedDirectory {
    param($Step)
    if ([IO.Directory]::Exists($Step.path)) { return }
    $null = [IO.Directory]::CreateDirectory($Step.path)
    foreach ($next in @($Step.whenMade)) { Invoke-Step -Step $next }
}

function Invoke-Step {
    param($Step)
    Write-Host "  $($Step.about)"
    switch -CaseSensitive ($Step.kind) {
        'makeDirectory' { New-PlannedDirectory -Step $Step }
        'copyFile' { [IO.File]::Copy($Step.from, $Step.to, $true) }
        'writeNewFile' { if (-not [IO.File]::Exists($Step.path)) { [IO.File]::WriteAllText($Step.path, $Step.text) } }
        'makeKey' { New-KeyFile -Path $Step.path }
        'run' { Invoke-Program -Step $Step }
        'waitForService' { Wait-AgentService -State $Step.state -Seconds $Step.seconds }
        'excludeFromDefender' { Add-MpPreference -ExclusionPath $Step.path }
        'includeInDefender' { Remove-MpPreference -ExclusionPath $Step.path }
        'removeProgramDirectory' { if ([IO.Directory]::Exists($Step.path)) { [IO.Directory]::Delete($Step.path, $true) } }
        default { throw "this script knows no step $($Step.kind): take all files from one archive" }
    }
}

# Shows what would be done. Nothing is changed.
function Show-Plan {
    param($Plan)
    foreach ($problem in @($Plan.problems)) { Write-Host "PROBLEM: $problem" }
    foreach ($warning in @($Plan.warnings)) { Write-Host "WARNING: $warning" }
    Write-Host (ConvertTo-Json -InputObject $Plan -Depth 8)
}

# Carries a plan out, or takes back what can be when a step fails.
function Invoke-Plan {
    param($Plan)
    foreach ($warning in @($Plan.warnings)) { Write-Warning -Message $warning }
    $problems = @($Plan.problems)
    if ($problems.Count -gt 0) { throw ($problems -join [Environment]::NewLine) }
    try { foreach ($step in @($Plan.steps)) { Invoke-Step -Step $step } }
    catch {
        $failure = $_
        Write-Warning -Message "it failed: $($failure.Exception.Message)"
        foreach ($step in @($Plan.undo)) {
            try { Invoke-Step -Step $step }
            catch { Write-Warning -Message "taking back failed: $($_.Exception.Message)" }
        }
        throw $failure
    }
    foreach ($line in @($Plan.closing)) { Write-Host $line }
}
