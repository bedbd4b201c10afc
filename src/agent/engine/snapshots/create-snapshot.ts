import { randomUUID } from "node:crypto";
import { StatusError } from "../../../kit/errors.ts";
import type { CallContext } from "../engine.ts";
import { checkLabels } from "../labels.ts";
import type { NewSnapshot, Snapshot, Volume } from "../model.ts";
import { checkDiskName } from "../names.ts";
import type { EngineParts } from "../parts.ts";
import { claimRoom } from "../pool/room.ts";
import { recordOfSnapshot } from "../records/entries.ts";
import { bringIn, newSnapshotDisk } from "../records/new-disk.ts";
import { copyOf, type Original } from "../volumes/copy-disk.ts";

/** Cuts a volume's content into a disk of its own, or finds the snapshot that an equal request made. */
export async function createSnapshot(
  parts: EngineParts,
  request: NewSnapshot,
  context: CallContext,
): Promise<Snapshot> {
  checkDiskName("snapshot", request.name);
  checkLabels(request.labels);
  const existing = parts.catalog.snapshots.byName(request.name);
  if (existing !== undefined) return sameSnapshot(existing, request);
  parts.catalog.refuseLeftAlone(request.name);
  parts.pools.requireAllSeen();

  const original = await copyOf(parts, { kind: "volume", id: request.sourceVolumeId });
  const id = randomUUID();
  await claimCopy(parts, original.disk, id);
  try {
    return await makeSnapshot(parts, request, id, original, context);
  } catch (error) {
    parts.inventory.claims.delete(id);
    throw error;
  }
}

function sameSnapshot(existing: Snapshot, { name, sourceVolumeId }: NewSnapshot): Snapshot {
  if (existing.sourceVolumeId === sourceVolumeId) return existing;
  const source = existing.sourceVolumeId ?? "a volume that nobody knows any more";
  throw new StatusError("ALREADY_EXISTS", `snapshot ${name} exists of ${source}, not of ${sourceVolumeId}`);
}

/**
 * Claims what a copy of a volume takes: what is allocated in it. Where they share that it is nothing, but then the volume
 * may overwrite all of itself, which it claims from when it has a relative.
 */
export async function claimCopy(parts: EngineParts, disk: Original["disk"], id: string): Promise<void> {
  const { inventory, pools } = parts;
  await inventory.look(disk);
  const allocated = inventory.ledger.get(disk.id)?.allocated ?? disk.size;
  const size = pools.byName(disk.pool).sharesBlocks ? 0n : allocated;
  await claimRoom(parts, disk.pool, { id, lineage: disk.lineage, size });
}

async function makeSnapshot(
  { inventory, pools }: EngineParts,
  request: NewSnapshot,
  id: string,
  { disk, cut }: Original,
  context: CallContext,
): Promise<Snapshot> {
  const pool = pools.byName(disk.pool);
  const places = newSnapshotDisk(pool, request.name, id);
  const snapshot = plannedSnapshot(request, disk as Volume, id, places.disk);
  await bringIn(places, recordOfSnapshot(snapshot), (temporary) => cut(temporary, id, disk.size, context));
  return await inventory.putSnapshot(snapshot);
}

/** The snapshot of a volume as it will be. */
export function plannedSnapshot(
  { name, sourceVolumeId, labels }: NewSnapshot,
  volume: Volume,
  id: string,
  path: string,
  groupId?: string,
): Snapshot {
  const { pool, size, type, lineage } = volume;
  return {
    id,
    name,
    pool,
    size,
    type,
    path,
    createdAt: Date.now(),
    lineage,
    labels,
    sourceVolumeId,
    groupId,
  };
}
