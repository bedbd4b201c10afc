import { win32 } from "node:path";
import { GiB, MiB } from "../../kit/sizes.ts";
import { type ConfigFile, directoriesOf, portOf } from "./configuration.ts";
import type { Places } from "./places.ts";
import type { MachineFacts, PlanRequest, VolumeFacts } from "./request.ts";

/** Windows Server 2016, the first with ReFS v3 and the oldest that Node runs on. */
const OLDEST_BUILD = 14_393;
const OLDEST_NODE = 24;
const PROGRAM_BYTES = 512n * MiB;
const POOL_BYTES = 1n * GiB;

/** The name of a volume and what Hyper-V adds for a checkpoint have to fit behind it, in 259 characters. */
const LONGEST_POOL = 80;

const sharedVolumes = "C:\\ClusterStorage\\";

/** What keeps the agent from being installed, and what is worth a word. */
export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

/** What every plan needs. @param node version of the Node that is to be installed */
export function machineProblems({ facts }: PlanRequest, node: string): string[] {
  const { isAdministrator, build, hypervModule, hypervRuns, compiler } = facts;
  const programBytes = BigInt(volumeOf(facts, facts.programFiles)?.freeBytes ?? 0);
  return [
    ...when(!isAdministrator, 'this needs an administrator: start PowerShell with "Run as administrator"'),
    ...when(
      build < OLDEST_BUILD,
      `Windows build ${build} is too old: Windows Server 2016 or newer is needed`,
    ),
    ...when(
      Number(node.split(".", 1)[0]) < OLDEST_NODE,
      `node.exe is of version ${node}, and ${OLDEST_NODE} or newer is needed: get-node.ps1 brings one`,
    ),
    ...when(
      hypervModule === null,
      "the Hyper-V module of PowerShell is not there: Install-WindowsFeature Hyper-V-PowerShell brings it",
    ),
    ...when(!hypervRuns, "Hyper-V does not run here: install the role Hyper-V, and start the service vmms"),
    ...when(
      compiler === null,
      "the C# compiler of the .NET Framework 4 is not there: install .NET Framework 4.8",
    ),
    ...when(
      programBytes < PROGRAM_BYTES,
      `${facts.programFiles} has ${programBytes / MiB} MiB free, and 512 MiB are needed`,
    ),
  ];
}

/** What an installation needs beside that. */
export function installFindings(request: PlanRequest, config: ConfigFile, places: Places): Findings {
  const { facts, wishes } = request;
  const found = directoriesOf(config).map((directory) => poolFindings(directory, volumeOf(facts, directory)));
  return {
    problems: [
      ...when(facts.service !== null, "the agent is installed already: upgrade.ps1 brings a new version"),
      ...when(config.group === undefined, "-Group is needed: the name of this host or cluster, for ever"),
      ...when((config.pools ?? []).length === 0, "-Pool is needed: the directory where volumes are to live"),
      ...when(
        facts.portHolder !== null,
        `port ${portOf(config)} is taken by ${facts.portHolder ?? ""}: give another -Port`,
      ),
      ...accountProblems(facts),
      ...(wishes.clustered ? clusterProblems(request, config, places) : aloneProblems(facts)),
      ...found.flatMap(({ problems }) => problems),
    ],
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

function poolFindings(directory: string, volume: VolumeFacts | undefined): Findings {
  const path = directory.replaceAll("/", "\\");
  if (path.startsWith("\\\\")) {
    const why = "an agent can't prove to be the only one that writes to a share";
    return {
      problems: [`pool ${directory} is on a share: ${why}; take a local disk or a CSV`],
      warnings: [],
    };
  }
  if (!/^[A-Za-z]:\\[^<>:"|?*]+$/.test(path)) {
    return {
      problems: [`pool ${directory} is no directory below a drive, such as D:\\Volumes`],
      warnings: [],
    };
  }
  const { fileSystem = "", freeBytes = "0" } = volume ?? {};
  const known = /^(NTFS|ReFS|CSVFS)/i.exec(fileSystem)?.[1]?.toUpperCase();
  const free = BigInt(freeBytes);
  return {
    problems: [
      ...when(
        known === undefined,
        `pool ${directory} is on ${fileSystem || "no file system that can be looked at"}: NTFS, ReFS and CSV are supported`,
      ),
      ...when(free < POOL_BYTES, `pool ${directory} has ${free / MiB} MiB free, and 1 GiB is needed`),
    ],
    warnings: [
      ...when(
        known === "NTFS",
        `pool ${directory} is on NTFS, where every snapshot and clone is a full copy: ReFS shares blocks`,
      ),
      ...when(
        directory.length > LONGEST_POOL,
        `pool ${directory} has a long path: volumes with long names won't fit in 259 characters`,
      ),
    ],
  };
}

function accountProblems({ account }: MachineFacts): string[] {
  if (account === null) return [];
  const { name, sid } = account;
  return [
    ...when(sid === null, `the account ${name} is not known to this machine`),
    ...when(
      !name.endsWith("$"),
      `${name} has a password, which no command line should have: give a group managed service account (DOMAIN\\name$), or none for LocalSystem`,
    ),
  ];
}

/** An agent of one member would lose sight of a VM that moves. */
function aloneProblems({ cluster }: MachineFacts): string[] {
  return when(
    cluster !== null,
    `this machine is a member of the cluster ${cluster ?? ""}: give -Clustered, so that the agent follows its pools`,
  );
}

function clusterProblems({ facts }: PlanRequest, config: ConfigFile, places: Places): string[] {
  const { cluster } = facts;
  if (cluster === null) return ["-Clustered is for members of a failover cluster, and this machine is none"];
  const elsewhere = [places.config, ...directoriesOf(config)].filter((path) => !isBelow(path, sharedVolumes));
  return [
    ...when(
      config.group !== undefined && config.group !== cluster.toLowerCase(),
      `-Group has to be the cluster's name, ${cluster.toLowerCase()}: its members are one group`,
    ),
    ...elsewhere.map(
      (path) =>
        `${path} is of this machine alone: in a cluster pools and -ConfigDirectory lie below ${sharedVolumes}`,
    ),
  ];
}

/** The volume that a directory lies on: the one that is mounted closest to it. */
function volumeOf({ volumes }: MachineFacts, directory: string): VolumeFacts | undefined {
  return volumes
    .filter(({ mountPoint }) => isBelow(`${directory}\\`, mountPoint))
    .toSorted((one, other) => other.mountPoint.length - one.mountPoint.length)[0];
}

function isBelow(path: string, directory: string): boolean {
  return win32.normalize(path).toLowerCase().startsWith(directory.toLowerCase());
}

function when(holds: boolean, problem: string): string[] {
  return holds ? [problem] : [];
}
