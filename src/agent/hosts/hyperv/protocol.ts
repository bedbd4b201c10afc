import { type Static, Type } from "typebox";

/**
 * What the agent and its worker say to each other: a JSON object per line, one answer per request, in order. The page
 * docs/reference/hyperv-worker-protocol.md tells it to those who write a worker. Answers are input: all are checked.
 */
export const PROTOCOL_VERSION = 3;

const Guid = Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
/** Bytes in decimal: 64 TiB and more stay exact in every JSON library. */
const Bytes = Type.String({ pattern: "^[0-9]{1,19}$" });
const Text = Type.String({ maxLength: 4096 });
const Path = Type.String({ minLength: 1, maxLength: 32_767, pattern: "^[^\\u0000-\\u001f]+$" });
const HostName = Type.String({ minLength: 1, maxLength: 255, pattern: "^[^\\u0000-\\u0020]+$" });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** A virtual disk in a VM's SCSI slot. */
export const Drive = Type.Object({
  controllerId: Guid,
  lun: Type.Integer({ minimum: 0, maximum: 63 }),
  /** As the VM's configuration has it now: an `.avhdx` while a checkpoint exists. */
  path: Path,
  /** The end of the chain that `path` begins; `path` itself without a chain; null when the chain can't be read. */
  basePath: OrNull(Path),
  readOnly: Type.Boolean(),
  /** Normalised I/O operations of 8 KiB a second; 0 for none set. */
  minimumIops: Count,
  maximumIops: Count,
});
export type Drive = Static<typeof Drive>;

export const Controller = Type.Object({
  /** VMBus instance id of a synthetic SCSI controller. */
  id: Guid,
  number: Type.Integer({ minimum: 0, maximum: 63 }),
  /** Units in use, by whatever: disks of others, DVD drives, shared disks too. */
  usedLuns: Type.Array(Type.Integer({ minimum: 0, maximum: 63 }), { maxItems: 64 }),
});
export type Controller = Static<typeof Controller>;

export const Checkpoint = Type.Object({ id: Guid, name: Text, createdAt: Text });
export type Checkpoint = Static<typeof Checkpoint>;

export const HypervVm = Type.Object({
  id: Guid,
  name: Text,
  /** The machine that has it. */
  host: HostName,
  /** Msvm_ComputerSystem.EnabledState: 2 is running, 3 is off; others are on the way or hold memory. */
  state: Type.Integer({ minimum: 0, maximum: 65_535 }),
  generation: Type.Integer({ minimum: 1, maximum: 2 }),
  /** Folder of its configuration. */
  path: Text,
  controllers: Type.Array(Controller, { maxItems: 64 }),
  drives: Type.Array(Drive, { maxItems: 512 }),
  checkpoints: Type.Array(Checkpoint, { maxItems: 1024 }),
});
export type HypervVm = Static<typeof HypervVm>;

export const ClusterNode = Type.Object({
  name: HostName,
  /** MSCluster_Node.State: 0 is up, 1 down, 2 paused, 3 joining; -1, which may be told without its sign, unknown. */
  state: Type.Integer({ minimum: -1, maximum: 0xffff_ffff }),
});
export type ClusterNode = Static<typeof ClusterNode>;

/** What was seen of all hosts that were asked. */
export const Inventory = Type.Object({
  vms: Type.Array(HypervVm, { maxItems: 100_000 }),
  /** Hosts that were asked and did not answer, and why. */
  unreachable: Type.Array(Type.Object({ host: HostName, message: Text }), { maxItems: 1024 }),
  /** Members of the failover cluster now; empty without one. */
  nodes: Type.Array(ClusterNode, { maxItems: 1024 }),
});
export type Inventory = Static<typeof Inventory>;

/** A change that looks first: `done` says whether it was made, `inventory` how things are afterwards either way. */
const Conditional = Type.Object({ done: Type.Boolean(), inventory: Inventory });

export const DiskInfo = Type.Object({
  path: Path,
  /** VirtualDiskId in the file. */
  virtualDiskId: Guid,
  type: Type.Union([Type.Literal("fixed"), Type.Literal("dynamic"), Type.Literal("differencing")]),
  size: Bytes,
  fileSize: Bytes,
  minimumSize: Bytes,
  blockSize: Count,
  logicalSectorSize: Count,
  physicalSectorSize: Count,
  parentPath: OrNull(Path),
});
export type DiskInfo = Static<typeof DiskInfo>;

export const Hello = Type.Object({
  protocol: Type.Integer(),
  powershell: Text,
  /** Version of the Hyper-V module. */
  module: Text,
  computer: HostName,
  user: Text,
  mayManageVms: Type.Boolean(),
  /** The failover cluster that the machine is a member of. */
  cluster: OrNull(Text),
});
export type Hello = Static<typeof Hello>;

const Nothing = Type.Object({});

/** Every answer's `result`, by operation. */
export const results = {
  hello: Hello,
  listVms: Inventory,
  attach: Conditional,
  detach: Conditional,
  setQos: Conditional,
  diskInfo: DiskInfo,
  resize: DiskInfo,
  createCheckpoint: Inventory,
  removeCheckpoint: Inventory,
  setGuestItem: Nothing,
  writeEvent: Nothing,
} as const;

export type Operation = keyof typeof results;
export type Result<Op extends Operation> = Static<(typeof results)[Op]>;

/** Where a drive is, as it was seen: a change is made only while that holds. */
export interface DrivePlace {
  /** The machine that has the VM. */
  readonly host: string;
  readonly vmId: string;
  readonly controllerId: string;
  readonly lun: number;
  /** As {@link Drive.path}. */
  readonly path: string;
}

/** Machines to ask: the members of a cluster that are not down; none stands for this machine. */
interface Asked {
  readonly hosts: readonly string[];
}

/** Every request's `args`, by operation. */
export interface Args {
  readonly hello: Record<string, never>;
  /** Of all VMs, with everything there is to tell of them. */
  readonly listVms: Asked;
  /**
   * Done only when the VM is on that host, the slot is free, all members of the cluster that are not down are among the
   * hosts and answered, and no VM of theirs has the disk, as a path or at the base of a chain.
   */
  readonly attach: DrivePlace &
    Asked & { readonly readOnly: boolean; readonly minimumIops: number; readonly maximumIops: number };
  /** Done only when that drive is in that slot, and the VM off if that is asked for. */
  readonly detach: DrivePlace & Asked & { readonly onlyWhenOff: boolean };
  readonly setQos: DrivePlace & Asked & { readonly minimumIops: number; readonly maximumIops: number };
  readonly diskInfo: { readonly host: string; readonly path: string };
  /** Grows a disk, in use or not, to so many bytes. One that has them is left as it is. */
  readonly resize: { readonly host: string; readonly path: string; readonly size: string };
  /** Of all disks of a VM at one instant, without its memory. */
  readonly createCheckpoint: Asked & { readonly host: string; readonly vmId: string; readonly name: string };
  /** Begins the merge; the drives' paths tell when it is over. */
  readonly removeCheckpoint: Asked & {
    readonly host: string;
    readonly vmId: string;
    readonly checkpointId: string;
  };
  /** Sets what the guest reads in its key-value pool 0. */
  readonly setGuestItem: {
    readonly host: string;
    readonly vmId: string;
    readonly name: string;
    readonly value: string;
  };
  readonly writeEvent: {
    readonly level: "information" | "warning" | "error";
    readonly eventId: number;
    readonly message: string;
  };
}

/** The above as the pool of workers knows it. */
export type HypervOperations = {
  readonly [Op in Operation]: { readonly args: Args[Op]; readonly result: Result<Op> };
};
