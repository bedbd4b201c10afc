# How a stub has its simulator do something: by a worker of that simulator, which is started for one request.

# The answer, with a result or an error.
function Get-SimulatorAnswer {
    param([string] $Program, [string] $Script, [string[]] $Words, [string] $Op, $Arguments)
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = $Program
    $start.Arguments = (@($Script) + $Words | ForEach-Object { '"{0}"' -f $_ }) -join ' '
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    $process.StandardInput.WriteLine((ConvertTo-Json -InputObject ([ordered]@{ id = 1; op = $Op; args = $Arguments }) -Compress -Depth 5))
    $process.StandardInput.Close()
    $line = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    ConvertFrom-Json -InputObject $line
}
