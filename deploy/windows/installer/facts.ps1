# What the scripts find out about this machine. They decide nothing by it: the plan does.

$script:ServiceName = 'hyperv-csi'

# Microsoft.Management.Infrastructure.NativeErrorCode: there is no such namespace.
$script:InvalidNamespace = 'InvalidNamespace'

function Test-IsAdministrator {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName Security.Principal.WindowsPrincipal -ArgumentList $identity
    $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Get-FullName {
    $network = [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
    if ($network.DomainName -eq '') { return $network.HostName }
    $network.HostName + '.' + $network.DomainName
}

function Get-HyperVModuleVersion {
    $module = Get-Module -ListAvailable -Name 'Hyper-V' | Select-Object -First 1
    if ($null -eq $module) { return $null }
    [string] $module.Version
}

function Test-HyperVRuns {
    $service = Get-Service -Name 'vmms' -ErrorAction SilentlyContinue
    $null -ne $service -and [string] $service.Status -eq 'Running'
}

# The failover cluster of this machine. Any other answer than its name or "no cluster here" is an error.
function Get-ClusterNameFact {
    try { $cluster = Get-CimInstance -Namespace 'root/MSCluster' -ClassName 'MSCluster_Cluster' -Property 'Name' | Select-Object -First 1 }
    catch [Microsoft.Management.Infrastructure.CimException] {
        if ([string] $_.Exception.NativeErrorCode -eq $script:InvalidNamespace) { return $null }
        throw
    }
    if ($null -eq $cluster) { return $null }
    [string] $cluster.Name
}

function Get-Compiler {
    $path = Join-Path -Path $env:SystemRoot -ChildPath 'Microsoft.NET\Framework64\v4.0.30319\csc.exe'
    if ([IO.File]::Exists($path)) { return $path }
    $null
}

function Get-ServiceFact {
    $service = Get-CimInstance -ClassName 'Win32_Service' -Filter "Name = 'hyperv-csi'" | Select-Object -First 1
    if ($null -eq $service) { return $null }
    [ordered]@{ running = ([string] $service.State -ne 'Stopped'); commandLine = [string] $service.PathName }
}

function Get-PortHolder {
    param([int] $Port)
    $listening = @(Get-NetTCPConnection -LocalPort $Port -State Listen -ErrorAction SilentlyContinue)
    if ($listening.Count -eq 0) { return $null }
    $id = [int] $listening[0].OwningProcess
    $process = Get-Process -Id $id -ErrorAction SilentlyContinue
    if ($null -eq $process) { return "process $id" }
    "process $id ($($process.ProcessName))"
}

function Get-AccountFact {
    param([string] $Account)
    if ($Account -eq '') { return $null }
    $sid = $null
    try {
        $name = New-Object -TypeName Security.Principal.NTAccount -ArgumentList $Account
        $sid = $name.Translate([Security.Principal.SecurityIdentifier]).Value
    }
    catch [Security.Principal.IdentityNotMappedException] { $sid = $null }
    [ordered]@{ name = $Account; sid = $sid }
}

# Volumes with a drive letter or a mount point, CSVs among them.
function Get-VolumeFact {
    foreach ($volume in @(Get-CimInstance -ClassName 'Win32_Volume' -Property 'Name', 'FileSystem', 'FreeSpace')) {
        if ([string] $volume.Name -eq '' -or ([string] $volume.Name).StartsWith('\\?\')) { continue }
        [ordered]@{
            mountPoint = [string] $volume.Name
            fileSystem = [string] $volume.FileSystem
            freeBytes  = $(if ($null -eq $volume.FreeSpace) { '0' } else { ([decimal] $volume.FreeSpace).ToString('0', [Globalization.CultureInfo]::InvariantCulture) })
        }
    }
}

function Get-ConfigurationText {
    param([string] $ConfigDirectory)
    $directory = $(if ($ConfigDirectory -eq '') { Join-Path -Path $env:ProgramData -ChildPath 'hyperv-csi' } else { $ConfigDirectory })
    $path = [IO.Path]::Combine($directory, 'agent.yaml')
    if ([IO.File]::Exists($path)) { return [IO.File]::ReadAllText($path) }
    $null
}

function Get-MachineFact {
    param([string] $Archive, [string] $NodeExe, [string] $ConfigDirectory, [string] $Account, [int] $Port)
    [ordered]@{
        isAdministrator = [bool] (Test-IsAdministrator)
        build           = [Environment]::OSVersion.Version.Build
        name            = [string] (Get-FullName)
        hypervModule    = Get-HyperVModuleVersion
        hypervRuns      = [bool] (Test-HyperVRuns)
        cluster         = Get-ClusterNameFact
        compiler        = Get-Compiler
        systemRoot      = $env:SystemRoot
        programFiles    = $env:ProgramFiles
        programData     = $env:ProgramData
        archive         = $Archive
        nodeExe         = $NodeExe
        service         = Get-ServiceFact
        portHolder      = Get-PortHolder -Port $Port
        account         = Get-AccountFact -Account $Account
        volumes         = @(Get-VolumeFact)
        configuration   = Get-ConfigurationText -ConfigDirectory $ConfigDirectory
    }
}
