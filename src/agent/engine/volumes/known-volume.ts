import { stat } from "node:fs/promises";
import { isNotFound, StatusError } from "../../../kit/errors.ts";
import { isThere } from "../../../kit/is-there.ts";
import type { DiskFacts } from "../../hosts/host.ts";
import { stampOf } from "../index/stamp.ts";
import type { Snapshot, Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";

/**
 * The volume with this id.
 * @throws StatusError NOT_FOUND; FAILED_PRECONDITION for a disk that is not served; UNAVAILABLE when it may be in a pool
 * that has not been read.
 */
export function knownVolume({ catalog, pools }: EngineParts, id: string): Volume {
  const volume = catalog.volumes.byId(id);
  if (volume !== undefined) return volume;
  catalog.refuseLeftAlone(id);
  pools.requireAllSeen();
  throw new StatusError("NOT_FOUND", `volume ${quoted(id)} does not exist`);
}

/** The snapshot with this id. @throws StatusError as {@link knownVolume} */
export function knownSnapshot({ catalog, pools }: EngineParts, id: string): Snapshot {
  const snapshot = catalog.snapshots.byId(id);
  if (snapshot !== undefined) return snapshot;
  catalog.refuseLeftAlone(id);
  pools.requireAllSeen();
  throw new StatusError("NOT_FOUND", `snapshot ${quoted(id)} does not exist`);
}

/** A text of a caller, short and without what would break a line. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 128));
}

/**
 * A volume that can be changed: it is sound, its pool is there, and its file is the disk it is known as.
 * @throws StatusError as {@link knownVolume}; FAILED_PRECONDITION for one that is not
 */
export async function soundVolume(parts: EngineParts, id: string): Promise<Volume> {
  const volume = await servedVolume(parts, id);
  await requireOwnDisk(parts, volume);
  return volume;
}

/** The same, without a look at the file. */
export async function servedVolume(parts: EngineParts, id: string): Promise<Volume> {
  const volume = knownVolume(parts, id);
  if (volume.fault !== undefined) {
    await refuseMoved(parts, volume);
    throw new StatusError("FAILED_PRECONDITION", `volume ${id} can't be used: ${volume.fault}`);
  }
  requireArrived(parts, id);
  await parts.pools.present(volume.pool);
  return volume;
}

/** @throws StatusError UNAVAILABLE while a move of the volume is not settled: the pool that it left may be down. */
export function requireArrived({ catalog }: EngineParts, id: string): void {
  if (!catalog.arriving().some(({ copy }) => copy.id === id)) return;
  throw new StatusError(
    "UNAVAILABLE",
    `volume ${id} was being moved between pools: bring back the one that it left, or start the agent again`,
  );
}

/**
 * Proves that a disk's file is the disk it is known as. What the file system says of a file that was read before is
 * proof enough; otherwise it is read again.
 */
export async function requireOwnDisk(parts: EngineParts, disk: Volume | Snapshot): Promise<void> {
  const stats = await stat(disk.path, { bigint: true }).catch(async (error: unknown) => {
    if (isNotFound(error)) await refuseMoved(parts, disk);
    return missing(disk)(error);
  });
  const stamp = stampOf(stats);
  const { ledger } = parts.inventory;
  if (stamp.text === ledger.get(disk.id)?.text) return;
  const { virtualDiskId } = await factsOf(parts, disk);
  if (virtualDiskId === disk.id) {
    ledger.prove(disk.id, stamp);
    return;
  }
  throw new StatusError(
    "FAILED_PRECONDITION",
    `${disk.path} holds the disk ${virtualDiskId} instead of ${disk.id}: somebody replaced it`,
  );
}

/**
 * Tells a disk that is gone from one that a VM has elsewhere.
 * @throws StatusError FAILED_PRECONDITION for the latter; UNAVAILABLE while the host can't tell
 */
export async function refuseMoved({ host }: EngineParts, { id, path }: Volume | Snapshot): Promise<void> {
  if (await isThere(path)) return;
  let virtualDiskId: string;
  try {
    ({ virtualDiskId } = await host.diskReader()({ volumeId: id, path }));
  } catch (error) {
    if (error instanceof StatusError && error.code === "UNAVAILABLE") throw error;
    return;
  }
  if (virtualDiskId !== id) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `${path} is not there, and a VM has its disk elsewhere: storage migration moved it; move it back (the volume's health says where it is)`,
  );
}

/** What a disk says of itself. @throws StatusError FAILED_PRECONDITION when it is missing or damaged; UNAVAILABLE */
export async function factsOf({ host }: EngineParts, disk: Volume | Snapshot): Promise<DiskFacts> {
  return await host.diskReader()({ volumeId: disk.id, path: disk.path }).catch(missing(disk));
}

function missing({ path }: Volume | Snapshot): (error: unknown) => never {
  return (thrown) => {
    const error = StatusError.from(thrown);
    if (error.code === "UNAVAILABLE") throw error;
    throw new StatusError("FAILED_PRECONDITION", `${path} can't be used: ${error.message}`, thrown);
  };
}

/** @throws StatusError FAILED_PRECONDITION while a VM has the volume. */
export async function requireDetached({ host }: EngineParts, id: string): Promise<void> {
  const [attachment] = await host.attachmentsOf(id);
  if (attachment === undefined) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `volume ${id} is attached to VM ${attachment.vmId}; detach it first`,
  );
}
