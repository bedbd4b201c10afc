import type { Attachment, Vm } from "../hosts/host.ts";
import type {
  AttachedVolume,
  BlockPage,
  Capacity,
  DeletedVolume,
  DoctorFinding,
  Expansion,
  HealthProblem,
  NewSnapshot,
  NewVolume,
  Page,
  PoolStatus,
  RunningOperation,
  SizeRange,
  Snapshot,
  SnapshotGroup,
  Volume,
  VolumeChange,
  VolumeProblems,
} from "./model.ts";

/** Who waits for an operation. The signal ends the wait; an operation that changes something goes on to its end. */
export interface CallContext {
  readonly signal: AbortSignal;
  readonly requestId: string;
  /** Who asks, for the audit log: name of the key that was shown, and the address, as `name@address`. */
  readonly caller?: string;
  /** Told by the operation how far it is, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** Up to `maxEntries` (0 = all) after the page that gave `token` out. */
export interface PageRequest {
  readonly maxEntries: number;
  readonly token: string | undefined;
}

/**
 * The rules of volumes, free of any wire format. Every failure is a StatusError; every change is durable when its
 * promise resolves, and the same request again gives the same answer. What lies in a pool that is down is UNAVAILABLE.
 */
export interface Engine {
  /**
   * @throws ALREADY_EXISTS same name, other size, source, type or pool; RESOURCE_EXHAUSTED pool full; OUT_OF_RANGE size;
   * INVALID_ARGUMENT name, label or attribute; NOT_FOUND source or pool; ABORTED a change of the source runs.
   */
  createVolume(request: NewVolume, context: CallContext): Promise<Volume>;
  /** A missing volume is success. @throws FAILED_PRECONDITION while attached or protected; ABORTED while it is copied. */
  deleteVolume(id: string, context: CallContext): Promise<void>;
  /** By id, else by name. @throws NOT_FOUND */
  getVolume(idOrName: string, context: CallContext): Promise<Volume>;
  /** Ordered by id. @throws ABORTED for a token that is not ours. */
  listVolumes(page: PageRequest, context: CallContext): Promise<Page<AttachedVolume>>;
  /** Never shrinks: a size it has already is success. @throws NOT_FOUND, OUT_OF_RANGE, RESOURCE_EXHAUSTED */
  expandVolume(id: string, size: SizeRange, context: CallContext): Promise<Expansion>;
  /** @throws NOT_FOUND; INVALID_ARGUMENT for an attribute that there is not, or its value. */
  modifyVolume(id: string, change: VolumeChange, context: CallContext): Promise<Volume>;

  /**
   * @param mountPoint is remembered with the attachment.
   * @throws NOT_FOUND volume or VM; FAILED_PRECONDITION on another VM; ALREADY_EXISTS other access; RESOURCE_EXHAUSTED no slot.
   */
  attach(
    vmId: string,
    volumeId: string,
    readOnly: boolean,
    mountPoint: string | undefined,
    context: CallContext,
  ): Promise<Attachment>;
  /**
   * A volume or VM that is gone, or not attached, is success.
   * @throws FAILED_PRECONDITION while in use, and with `onlyWhenOff` unless the VM is off.
   */
  detach(vmId: string, volumeId: string, context: CallContext, onlyWhenOff?: boolean): Promise<void>;
  attachmentsOf(volumeId: string, context: CallContext): Promise<readonly Attachment[]>;

  /**
   * Cuts a volume's content. A volume in use is cut as after a power failure, where the host can.
   * @throws ALREADY_EXISTS same name, other source; NOT_FOUND; FAILED_PRECONDITION in use on a host that can't.
   */
  createSnapshot(request: NewSnapshot, context: CallContext): Promise<Snapshot>;
  /** A missing snapshot is success. @throws FAILED_PRECONDITION for a member of a group; ABORTED while it is copied. */
  deleteSnapshot(id: string, context: CallContext): Promise<void>;
  /** By id, else by name. @throws NOT_FOUND */
  getSnapshot(idOrName: string, context: CallContext): Promise<Snapshot>;
  /** Ordered by id; of one volume when asked. @throws ABORTED for a token that is not ours. */
  listSnapshots(
    sourceVolumeId: string | undefined,
    page: PageRequest,
    context: CallContext,
  ): Promise<Page<Snapshot>>;

  /** Cuts several volumes at one instant: all of them, or none. @throws as createSnapshot */
  createSnapshotGroup(
    name: string,
    sourceVolumeIds: readonly string[],
    labels: Snapshot["labels"],
    context: CallContext,
  ): Promise<SnapshotGroup>;
  /** With its snapshots. A missing group is success. */
  deleteSnapshotGroup(id: string, context: CallContext): Promise<void>;
  /** By id, else by name. @throws NOT_FOUND */
  getSnapshotGroup(idOrName: string, context: CallContext): Promise<SnapshotGroup>;
  listSnapshotGroups(context: CallContext): Promise<readonly SnapshotGroup[]>;

  /**
   * Where a snapshot holds data, or with a base where it differs from that; in ascending order, from `startingOffset` on.
   * @throws NOT_FOUND; INVALID_ARGUMENT snapshots of different lineages; OUT_OF_RANGE offset beyond the end.
   */
  blocks(
    snapshotId: string,
    baseId: string | undefined,
    startingOffset: bigint,
    maxEntries: number,
    context: CallContext,
  ): Promise<BlockPage>;

  /** What is wrong with a volume; nothing for a sound one. @throws NOT_FOUND */
  volumeHealth(id: string, context: CallContext): Promise<readonly HealthProblem[]>;
  /** Looks at a page of volumes, of up to 1000, and tells of those with problems. @throws ABORTED foreign token */
  listHealth(page: PageRequest, context: CallContext): Promise<Page<VolumeProblems>>;
  /** Of one pool, or the best a single new volume can get. @throws NOT_FOUND pool */
  capacity(pool: string | undefined, context: CallContext): Promise<Capacity>;
  listPools(context: CallContext): Promise<readonly PoolStatus[]>;
  /** What belongs to nothing; with `fix` what is proven safe to mend is mended. */
  doctor(fix: boolean, context: CallContext): Promise<readonly DoctorFinding[]>;
  listOperations(context: CallContext): Promise<readonly RunningOperation[]>;

  listDeletedVolumes(context: CallContext): Promise<readonly DeletedVolume[]>;
  /** Brings a deleted volume back that is still kept. @throws NOT_FOUND; ALREADY_EXISTS its name is taken. */
  restoreVolume(id: string, context: CallContext): Promise<Volume>;
  /** Makes a volume of a VHDX or raw file in the transfer directory; the file stays. @throws NOT_FOUND, ALREADY_EXISTS */
  importVolume(file: string, name: string, pool: string | undefined, context: CallContext): Promise<Volume>;
  /** Writes a detached volume to a new file in the transfer directory, VHDX or raw by its ending. @throws ALREADY_EXISTS */
  exportVolume(id: string, file: string, context: CallContext): Promise<void>;
  /** Moves a detached volume to another pool; id and name stay. */
  moveVolume(id: string, pool: string, context: CallContext): Promise<Volume>;

  listVms(context: CallContext): Promise<readonly Vm[]>;
  /** @throws NOT_FOUND */
  getVm(id: string, context: CallContext): Promise<Vm>;
}
