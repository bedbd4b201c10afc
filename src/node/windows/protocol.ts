import { type Static, Type } from "typebox";

/**
 * What the node plugin of a Windows VM and its worker say to each other, in the lines of the host's worker: a JSON object
 * per line, one answer per request, in order. The page docs/reference/windows-node-worker-protocol.md tells it to those
 * who write a worker. Answers are input: all are checked.
 */
export const PROTOCOL_VERSION = 2;

/** Longest piece of a disk that is read at once, bytes. */
export const LONGEST_READ = 1024 * 1024;

const Guid = Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
/** Bytes in decimal. */
const Bytes = Type.String({ pattern: "^[0-9]{1,19}$" });
const Text = Type.String({ maxLength: 4096 });
const Path = Type.String({ minLength: 1, maxLength: 32_767, pattern: "^[^\\u0000-\\u001f]+$" });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A number of a disk or partition, as Windows counts. */
const Index = Type.Integer({ minimum: 0, maximum: 65_535 });
const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** MSFT_Disk.UniqueIdFormat: the name is that of SCSI page 0x83, in hexadecimal digits. */
export const FCPH_NAME = 3;

/** MSFT_Disk.PartitionStyle. */
export const PARTITION_STYLES = { raw: 0, mbr: 1, gpt: 2 } as const;

/** A disk that this VM has, of whatever bus: MSFT_Disk, and where it is plugged in. */
export const WindowsDisk = Type.Object({
  number: Index,
  /** As Windows tells it, unchanged; "" when it tells none. */
  uniqueId: Text,
  /** What `uniqueId` is. */
  uniqueIdFormat: OrNull(Type.Integer({ minimum: 0, maximum: 65_535 })),
  serialNumber: Text,
  /** Win32_DiskDrive.SCSILogicalUnit. */
  lun: OrNull(Count),
  /** Instance id of the device that it hangs on (DEVPKEY_Device_Parent): of a SCSI controller of Hyper-V its VMBus id is in it. */
  parentDevice: OrNull(Text),
  size: Bytes,
  /** Bytes, 512 or 4096. */
  logicalSectorSize: Type.Integer({ minimum: 512, maximum: 65_536 }),
  partitionStyle: Type.Integer({ minimum: 0, maximum: 65_535 }),
  isOffline: Type.Boolean(),
  /** MSFT_Disk.OfflineReason: 1 policy, 4 the same signature twice, 6 failed writes, …; null while it is online. */
  offlineReason: OrNull(Type.Integer({ minimum: 0, maximum: 65_535 })),
  isReadOnly: Type.Boolean(),
  /** It holds the running Windows, or what starts it. */
  isSystem: Type.Boolean(),
  isClustered: Type.Boolean(),
  /** MSFT_Disk.HealthStatus: 0 healthy, 1 warning, 2 unhealthy. */
  healthStatus: Type.Integer({ minimum: 0, maximum: 65_535 }),
  operationalStatus: Type.Array(Type.Integer({ minimum: 0, maximum: 65_535 }), { maxItems: 64 }),
});
export type WindowsDisk = Static<typeof WindowsDisk>;

/** MSFT_Partition. Partitions of a disk that is offline are told as far as Windows knows them. */
export const WindowsPartition = Type.Object({
  diskNumber: Index,
  partitionNumber: Index,
  /** Id of the partition in a GPT. */
  guid: OrNull(Guid),
  /** Kind of the partition in a GPT. */
  gptType: OrNull(Guid),
  /** Bytes from the disk's beginning. */
  offset: Bytes,
  size: Bytes,
  /** Where it can be reached: directories, drive letters such as `E:\`, and its `\\?\Volume{…}\`. */
  accessPaths: Type.Array(Path, { maxItems: 4096 }),
  /** A mark in the GPT: Windows gives it no drive letter by itself. One that somebody gave stays. */
  noDefaultDriveLetter: Type.Boolean(),
});
export type WindowsPartition = Static<typeof WindowsPartition>;

/** All disks with all partitions, and what else hangs on the SCSI controllers. */
export const Survey = Type.Object({
  disks: Type.Array(WindowsDisk, { maxItems: 4096 }),
  partitions: Type.Array(WindowsPartition, { maxItems: 65_536 }),
  /** Instance ids of Hyper-V's synthetic SCSI controllers. */
  controllers: Type.Array(Text, { maxItems: 64 }),
  /** `parentDevice` of each drive that is no disk, such as a DVD drive. */
  otherDrives: Type.Array(OrNull(Text), { maxItems: 1024 }),
});
export type Survey = Static<typeof Survey>;

/** MSFT_Volume. */
export const WindowsVolume = Type.Object({
  /** `\\?\Volume{…}\` */
  path: Path,
  /** `NTFS`, `ReFS`, …; "" or `RAW` when Windows knows none on it. */
  fileSystem: Text,
  label: Text,
  size: Bytes,
  sizeRemaining: Bytes,
  /** Bytes; 0 when it is not told. */
  allocationUnit: Count,
  /** MSFT_Volume.HealthStatus: 0 healthy, 1 scan needed, 2 spot fix needed, 3 full repair needed; others are unknown. */
  healthStatus: Type.Integer({ minimum: 0, maximum: 65_535 }),
});
export type WindowsVolume = Static<typeof WindowsVolume>;

/** A value of the registry that Hyper-V's key-value exchange writes. */
const GuestItem = Type.Object({ name: Text, value: Text });

export const Hello = Type.Object({
  protocol: Type.Integer(),
  powershell: Text,
  /** Version of the Storage module. */
  module: Text,
  /** Version of Windows, such as `10.0.20348.0`. */
  windows: Text,
  computer: Text,
  user: Text,
  mayManageDisks: Type.Boolean(),
});
export type Hello = Static<typeof Hello>;

const Nothing = Type.Object({});

/** Every answer's `result`, by operation. */
export const results = {
  hello: Hello,
  guestItems: Type.Object({
    parameters: Type.Array(GuestItem, { maxItems: 1024 }),
    external: Type.Array(GuestItem, { maxItems: 1024 }),
  }),
  survey: Survey,
  rescan: Nothing,
  setOnline: Nothing,
  setOffline: Nothing,
  setReadOnly: Nothing,
  read: Type.Object({
    data: Type.String({ maxLength: 2 * LONGEST_READ, pattern: "^[A-Za-z0-9+/]*={0,2}$" }),
  }),
  initialise: Nothing,
  createPartition: WindowsPartition,
  format: WindowsVolume,
  addAccessPath: Nothing,
  removeAccessPath: Nothing,
  mountPoint: Type.Object({ target: OrNull(Path) }),
  removeMountPoint: Nothing,
  volume: WindowsVolume,
  flush: Nothing,
  supportedSize: Type.Object({ minimum: Bytes, maximum: Bytes }),
  resize: WindowsPartition,
} as const;

export type Operation = keyof typeof results;
export type Result<Op extends Operation> = Static<(typeof results)[Op]>;

/**
 * A disk as it was seen: the worker looks at it again and changes or reads nothing but the disk that has both, else
 * the error is `HypervCsi.DiskChanged`. Windows gives numbers anew when disks come and go.
 */
export interface DiskRef {
  readonly number: number;
  readonly uniqueId: string;
}

/** A partition of such a disk as it was seen; `HypervCsi.DiskChanged` when the disk has none at that offset any more. */
export interface PartitionRef {
  readonly disk: DiskRef;
  readonly partitionNumber: number;
  /** As {@link WindowsPartition.offset}. */
  readonly offset: string;
}

/** Every request's `args`, by operation. */
export interface Args {
  readonly hello: Record<string, never>;
  /**
   * String values below `HKLM\SOFTWARE\Microsoft\Virtual Machine`: `Guest\Parameters` (the host's pool 3) and
   * `External` (pool 0).
   */
  readonly guestItems: Record<string, never>;
  readonly survey: Record<string, never>;
  /** Has Windows look for disks and sizes anew. */
  readonly rescan: Record<string, never>;
  readonly setOnline: { readonly disk: DiskRef };
  readonly setOffline: { readonly disk: DiskRef };
  readonly setReadOnly: { readonly disk: DiskRef; readonly readOnly: boolean };
  /** Bytes of the disk itself, in Base64, past every cache. Offset and length are whole sectors. */
  readonly read: { readonly disk: DiskRef; readonly offset: string; readonly length: number };
  /** Writes a GPT on a disk whose partition style is RAW; an error for any other. */
  readonly initialise: { readonly disk: DiskRef };
  /**
   * Makes a basic data partition of all the room that is free, without a drive letter, now and later
   * (NoDefaultDriveLetter). Nothing is formatted.
   */
  readonly createPartition: { readonly disk: DiskRef };
  /**
   * Formats quickly, after it marked the partition to get no drive letter. Only when Windows knows no file system on the
   * partition at that moment, else `HypervCsi.NotBlank`. It may take minutes, and is never cut off by the worker itself.
   */
  readonly format: {
    readonly partition: PartitionRef;
    readonly fileSystem: "NTFS" | "ReFS";
    readonly label: string;
    /** Bytes; null for the file system's own choice. */
    readonly allocationUnit: number | null;
  };
  /**
   * Shows the partition in an empty directory on NTFS, which exists; before that it marks it to get no drive letter, where
   * its disk can be written.
   */
  readonly addAccessPath: { readonly partition: PartitionRef; readonly path: string };
  /** Takes it away there; `path` as `accessPaths` has it. */
  readonly removeAccessPath: { readonly partition: PartitionRef; readonly path: string };
  /** Where a directory leads that is a volume's mount point, also of a volume that is gone; null for any other path. */
  readonly mountPoint: { readonly path: string };
  /** Takes a mount point away that leads to `target`, which is gone; the directory stays. `HypervCsi.DiskChanged` when it leads elsewhere. */
  readonly removeMountPoint: { readonly path: string; readonly target: string };
  /** `path` is the `\\?\Volume{…}\` of a partition's access paths. */
  readonly volume: { readonly path: string };
  /** Writes a volume's cached data to its disk. */
  readonly flush: { readonly path: string };
  readonly supportedSize: { readonly partition: PartitionRef };
  /** Resizes a partition with the file system on it. */
  readonly resize: { readonly partition: PartitionRef; readonly size: string };
}

/** The above as the pool of workers knows it. */
export type WindowsOperations = {
  readonly [Op in Operation]: { readonly args: Args[Op]; readonly result: Result<Op> };
};
