import type { Attachment, Vm } from "../hosts/host.ts";

/** A virtual disk the agent manages: one `.vhdx` file, whose name and content say all of this. */
export interface Volume {
  /** VirtualDiskId: a GUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** Bytes the guest sees. */
  readonly size: bigint;
  readonly type: "fixed" | "dynamic" | "differencing";
  readonly path: string;
}

export interface VolumePage {
  readonly volumes: readonly (Volume & { readonly attachments: readonly Attachment[] })[];
  /** Opaque; undefined on the last page. */
  readonly nextToken: string | undefined;
}

export interface Capacity {
  /** Bytes a new volume can still promise. */
  readonly available: bigint;
  readonly minimumVolumeSize: bigint;
  readonly maximumVolumeSize: bigint;
}

export interface Expansion {
  readonly size: bigint;
  /** True when the guest must grow what lies on the disk. */
  readonly nodeExpansionRequired: boolean;
}

/** Bytes asked for. With a limit any size from `required` to `limit` will do; without one only `required` itself. */
export interface SizeRange {
  readonly required: bigint;
  readonly limit: bigint | undefined;
}

/** Who waits for an operation. The signal ends the wait; an operation that changes something goes on to its end. */
export interface CallContext {
  readonly signal: AbortSignal;
  readonly requestId: string;
}

/**
 * The rules of volumes, free of any wire format. Every failure is a StatusError; every change is durable when its
 * promise resolves, and the same request again gives the same answer.
 */
export interface Engine {
  /** @throws ALREADY_EXISTS same name, other size; RESOURCE_EXHAUSTED pool full; OUT_OF_RANGE size; INVALID_ARGUMENT name. */
  createVolume(name: string, size: SizeRange, context: CallContext): Promise<Volume>;
  /** A missing volume is success. @throws FAILED_PRECONDITION while attached. */
  deleteVolume(id: string, context: CallContext): Promise<void>;
  /** By id, else by name. @throws NOT_FOUND */
  getVolume(idOrName: string, context: CallContext): Promise<Volume>;
  /** Ordered by id. @throws ABORTED for a token that is not ours. */
  listVolumes(maxEntries: number, token: string | undefined, context: CallContext): Promise<VolumePage>;
  /** Never shrinks: a size it has already is success. @throws NOT_FOUND, OUT_OF_RANGE, RESOURCE_EXHAUSTED */
  expandVolume(id: string, size: SizeRange, context: CallContext): Promise<Expansion>;
  /** @throws NOT_FOUND volume or VM; FAILED_PRECONDITION on another VM; ALREADY_EXISTS other access; RESOURCE_EXHAUSTED no slot. */
  attach(vmId: string, volumeId: string, readOnly: boolean, context: CallContext): Promise<Attachment>;
  /** A volume or VM that is gone, or not attached, is success. @throws FAILED_PRECONDITION while in use. */
  detach(vmId: string, volumeId: string, context: CallContext): Promise<void>;
  attachmentsOf(volumeId: string, context: CallContext): Promise<readonly Attachment[]>;
  capacity(context: CallContext): Promise<Capacity>;
  listVms(context: CallContext): Promise<readonly Vm[]>;
  /** @throws NOT_FOUND */
  getVm(id: string, context: CallContext): Promise<Vm>;
}
