import type { DiskAddress } from "../../agent-client/disk-address.ts";

/** Off is only what the host that has the VM says is off: saved, paused, starting and unknown are "other". */
export type VmState = "running" | "off" | "other";

/** A virtual machine; its id is Hyper-V's VM id (a GUID in lower case). */
export interface Vm {
  readonly id: string;
  readonly name: string;
  readonly state: VmState;
  /** 1 or 2 on Hyper-V; 0 where the host has no such thing. */
  readonly generation: number;
  /** Where the VM lives on the host; empty where that has no meaning. */
  readonly path: string;
}

/** A volume connected to a VM, as the host itself reports it. */
export interface Attachment {
  readonly volumeId: string;
  readonly vmId: string;
  readonly readOnly: boolean;
  readonly address: DiskAddress;
}

/** What a host can do, and within which limits. It is constant while the process runs. */
export interface HostManifest {
  readonly name: string;
  /** Disk types that can be attached, the default first. */
  readonly diskTypes: readonly ("fixed" | "dynamic")[];
  /** Most disks one VM may have. */
  readonly slotsPerVm: number;
  readonly onlineExpand: boolean;
  /** True when disks in use can be copied as of one instant. */
  readonly copyInUse: boolean;
  /** True when their copies may go to another pool. */
  readonly copyInUseAcrossPools: boolean;
  /** True when a disk that its VM uses can't be pulled from under it. */
  readonly keepsDisksInUse: boolean;
  /** What can be changed of a volume here besides what every host has: a name and which values it takes. */
  readonly mutableAttributes: Readonly<Record<string, (value: string) => boolean>>;
  /** Refuses attributes, each of which is right, that contradict each other. @throws StatusError INVALID_ARGUMENT */
  readonly refuseContradictions: (attributes: Readonly<Record<string, string>>) => void;
}

/** What a disk says of itself. */
export interface DiskFacts {
  readonly virtualDiskId: string;
  readonly type: "fixed" | "dynamic" | "differencing";
  /** Bytes the guest sees. */
  readonly virtualSize: bigint;
  /** Bytes of a VHDX block; undefined where the host does not tell. */
  readonly blockSize: number | undefined;
  /** Bytes up to which it can grow. */
  readonly maximumSize: bigint;
  /** Who made it, as its file says; empty where the host does not tell. */
  readonly creator: string;
}

/** Reads a disk. @throws what the file system says of its file, VhdxError; UNAVAILABLE while the host can't be asked */
export type DiskReader = (disk: DiskFile) => Promise<DiskFacts>;

/** Why an attachment that the host keeps of a volume is not there or not sound; undefined when nothing is amiss. */
export type AttachmentCheck = (volumeId: string) => Promise<string | undefined>;

/** What belongs to connecting a disk. */
export interface AttachSettings {
  /** Of the volume; the host acts on those in its manifest. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Waited for once no VM is known to have the disk, before the host is changed. */
  readonly before: () => Promise<void>;
}

/** A copy to be made of a disk in use. */
export interface CopyInUse {
  readonly disk: DiskFile;
  /** The new file. */
  readonly target: string;
  /** Of the copy. */
  readonly virtualDiskId: string;
}

/** What the host keeps of an attachment that is not there any more. */
export interface Leftover {
  readonly path: string;
  readonly message: string;
  readonly fixed: boolean;
}

/**
 * The machine that runs the VMs. Every answer is read from the host, never remembered; every change is read back
 * before it is reported. A failure is a StatusError.
 */
export interface Host {
  readonly manifest: HostManifest;
  /** Told that a pool can be used, at the start and whenever one comes back; ends what a crash cut short there. */
  openPool(directory: string): Promise<void>;
  /**
   * A reader of disks for one operation. Nothing else may open a file that a VM may have: where the VM has it to itself,
   * the host is asked.
   */
  diskReader(): DiskReader;
  listVms(): Promise<Vm[]>;
  getVm(id: string): Promise<Vm | undefined>;
  /** All attachments of volumes in our pools. */
  listAttachments(): Promise<Attachment[]>;
  /** Attachments of one volume. */
  attachmentsOf(volumeId: string): Promise<Attachment[]>;
  /**
   * Connects a disk, or finds it connected.
   * @throws NOT_FOUND VM; FAILED_PRECONDITION another VM has it, even a stopped one; ALREADY_EXISTS with other access;
   * RESOURCE_EXHAUSTED no slot is free.
   */
  attach(
    disk: DiskFile,
    vmId: string,
    readOnly: boolean,
    signal: AbortSignal,
    settings?: AttachSettings,
  ): Promise<Attachment>;
  /**
   * Disconnects a disk; nothing to do is success. FAILED_PRECONDITION while something in the VM still uses it.
   * @param onlyWhenOff FAILED_PRECONDITION unless the VM is off, which is looked at right before the change
   */
  detach(
    attachment: Pick<Attachment, "volumeId" | "vmId">,
    signal: AbortSignal,
    onlyWhenOff?: boolean,
  ): Promise<void>;
  /**
   * Grows a disk in use to `size` bytes, file and device; finishes what an earlier call left half done.
   * @returns the bytes that it has then, which a host may round up.
   */
  growAttached(disk: DiskFile, attachment: Attachment, size: bigint, signal: AbortSignal): Promise<bigint>;
  /** Brings a volume's attributes into force where it is attached. @throws INVALID_ARGUMENT they don't go together */
  applyAttributes(
    volumeId: string,
    attributes: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Copies disks in use, all as of one instant: what each guest would find after a power failure. All copies are made
   * and durable, or none is; FAILED_PRECONDITION where that can't be done, with the reason.
   */
  copyInUse(copies: readonly CopyInUse[], signal: AbortSignal): Promise<void>;
  /** A check of attachments for one operation, on as many volumes as it has. */
  attachmentCheck(): AttachmentCheck;
  /** What is left of attachments that are gone; removed when asked. */
  leftovers(remove: boolean): Promise<Leftover[]>;
  /** Removes what the host keeps of a volume that is not attached and about to leave its pool. Never the last name of a disk. */
  forget(volumeId: string): Promise<void>;
  /** Lets go what the host keeps running; attachments stay. */
  close(): Promise<void>;
}

/** The file of a volume. */
export interface DiskFile {
  readonly volumeId: string;
  readonly path: string;
}
