import type { DiskAddress } from "../../agent-client/disk-address.ts";

/** A virtual machine; its id is Hyper-V's VM id (a GUID in lower case). */
export interface Vm {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
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
}

/**
 * The machine that runs the VMs. Every answer is read from the host, never remembered; every change is read back
 * before it is reported. A failure is a StatusError.
 */
export interface Host {
  readonly manifest: HostManifest;
  listVms(): Promise<Vm[]>;
  getVm(id: string): Promise<Vm | undefined>;
  /** All attachments of volumes in our pools. */
  listAttachments(): Promise<Attachment[]>;
  /** Attachments of one volume. */
  attachmentsOf(volumeId: string): Promise<Attachment[]>;
  /** Connects a disk that no VM has. */
  attach(disk: DiskFile, vmId: string, readOnly: boolean, signal: AbortSignal): Promise<Attachment>;
  /** Disconnects a disk; FAILED_PRECONDITION while something in the VM still uses it. */
  detach(attachment: Attachment, signal: AbortSignal): Promise<void>;
  /** Grows a disk in use to `size` bytes, file and device; finishes what an earlier call left half done. */
  growAttached(disk: DiskFile, attachment: Attachment, size: bigint, signal: AbortSignal): Promise<void>;
  /** Removes what the host keeps of a volume that is not attached and about to be deleted. */
  forget(volumeId: string): Promise<void>;
}

/** The file of a volume. */
export interface DiskFile {
  readonly volumeId: string;
  readonly path: string;
}
