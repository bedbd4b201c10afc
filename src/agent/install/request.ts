import { type Static, Type } from "typebox";

const Text = Type.String({ minLength: 1, maxLength: 4096 });
/** In decimal. */
const Bytes = Type.String({ pattern: "^[0-9]{1,19}$" });
const Nothing = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** A file system of the machine. */
const VolumeFacts = Type.Object({
  /** Where it is mounted, with a backslash at its end: `D:\\`, `C:\\ClusterStorage\\Volume1\\`. */
  mountPoint: Text,
  /** NTFS, ReFS, CSVFS, … */
  fileSystem: Type.String({ maxLength: 64 }),
  freeBytes: Bytes,
});
export type VolumeFacts = Static<typeof VolumeFacts>;

/** What the scripts found out about the machine. They decide nothing by it. */
export const MachineFacts = Type.Object({
  isAdministrator: Type.Boolean(),
  /** Build number of Windows. */
  build: Type.Integer({ minimum: 0 }),
  /** Name by which others reach the machine. */
  name: Text,
  /** Version of the Hyper-V module. */
  hypervModule: Nothing(Text),
  /** Hyper-V's own service runs. */
  hypervRuns: Type.Boolean(),
  /** The failover cluster that the machine is a member of. */
  cluster: Nothing(Text),
  /** C# compiler of the .NET Framework. */
  compiler: Nothing(Text),
  systemRoot: Text,
  programFiles: Text,
  programData: Text,
  /** Where the archive was unpacked. */
  archive: Text,
  nodeExe: Text,
  /** The agent's service, where it is installed. */
  service: Nothing(Type.Object({ running: Type.Boolean(), commandLine: Text })),
  /** The process that listens on the wanted port, other than the service. */
  portHolder: Nothing(Text),
  account: Nothing(Type.Object({ name: Text, sid: Nothing(Type.String({ pattern: "^S-[0-9-]{3,180}$" })) })),
  volumes: Type.Array(VolumeFacts, { maxItems: 10_000 }),
  /** The agent's configuration, where there is one. */
  configuration: Nothing(Type.String({ maxLength: 1024 * 1024 })),
});
export type MachineFacts = Static<typeof MachineFacts>;

/** What the administrator asked for. */
export const Wishes = Type.Object({
  group: Nothing(Text),
  /** `NAME=DIRECTORY`, or a directory for the pool `default`. */
  pools: Type.Array(Text, { maxItems: 256 }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  /** Directory of configuration, keys and state; null for the usual one. */
  configDirectory: Nothing(Text),
  /** The agent is to be a role of the failover cluster. */
  clustered: Type.Boolean(),
  /** Microsoft Defender is to leave the pools alone. */
  excludeFromDefender: Type.Boolean(),
  /** Addresses that may reach the agent, as the firewall has them. */
  remoteAddresses: Text,
});
export type Wishes = Static<typeof Wishes>;

/** What a script asks a plan for, on standard input. */
export const PlanRequest = Type.Object({ facts: MachineFacts, wishes: Wishes });
export type PlanRequest = Static<typeof PlanRequest>;
