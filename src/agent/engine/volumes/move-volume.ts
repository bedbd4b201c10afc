import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { isThere } from "../../../kit/is-there.ts";
import type { CallContext } from "../engine.ts";
import type { Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { fileNameOf } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import { claimRoom } from "../pool/room.ts";
import { volumeRecord } from "../records/entries.ts";
import { bringIn, type NewDisk, newVolumeDisk, takeBack } from "../records/new-disk.ts";
import { cutAtRest } from "./copy-disk.ts";
import { requireDetached, soundVolume } from "./known-volume.ts";
import { saveVolume } from "./modify-volume.ts";
import { removeDeparted } from "./remove-departed.ts";

/**
 * Moves a detached volume to another pool: a copy with the same id arrives there, then the disk here goes. A record says
 * so meanwhile, so that a start after a crash knows which of the two is meant: the one here, for as long as it is here.
 */
export async function moveVolume(
  parts: EngineParts,
  id: string,
  to: string,
  context: CallContext,
): Promise<Volume> {
  const volume = await soundVolume(parts, id);
  if (volume.pool === to) return volume;
  await requireDetached(parts, id);
  const source = await parts.pools.present(volume.pool);
  await parts.host.forget(id);
  const { inventory } = parts;
  // All of the copy is claimed beside what the volume claims where it is, which it keeps until it has left.
  const claim = randomUUID();
  const isShared = source.sharesBlocks && parts.pools.byName(to).device === source.device;
  const size = isShared ? 0n : volume.size;
  const target = await claimRoom(parts, to, { id: claim, lineage: claim, size });
  inventory.moving.add(id);
  try {
    const places = await arrive(volume, source, target, context);
    const moved: Volume = { ...volume, pool: places.pool.name, path: places.disk };
    await removeDeparted(source, volume, parts.log).catch(async (error: unknown) => {
      await undo(parts, volume, source, places, moved);
      throw error;
    });
    // It is there from now on, whatever its record says of where it came from.
    await inventory.putVolume(moved);
    return await saveVolume(parts, moved);
  } finally {
    inventory.claims.delete(claim);
    inventory.moving.delete(id);
  }
}

/** Copies a volume to another pool. On failure nothing stays there. */
async function arrive(volume: Volume, source: Pool, target: Pool, context: CallContext): Promise<NewDisk> {
  const { id } = volume;
  const places = newVolumeDisk(target, fileNameOf(volume), id);
  // Left where the volume was before, it would have the next start remove the record of what arrives.
  await rm(target.layout.gone(id), { force: true });
  const record = volumeRecord({ ...volume, pool: target.name, path: places.disk });
  await bringIn(places, { ...record, movedFrom: source.id }, (temporary) =>
    cutAtRest(volume, temporary, id, context),
  );
  return places;
}

/**
 * Takes back a copy that could not take the volume's place. Where that fails, too, the volume is not changed until the
 * move is settled: when a pool comes back, or at the next start.
 */
async function undo(
  { catalog, inventory, log }: EngineParts,
  { id, path }: Volume,
  source: Pool,
  places: NewDisk,
  copy: Volume,
): Promise<void> {
  try {
    if (await isThere(path)) await takeBack(places);
    // Its disk could not be brought back to where it was.
    else await inventory.putVolume(copy);
  } catch (error) {
    log.error({ err: error, id, path: copy.path }, "a move between pools can't be undone");
  }
  // One that can't be looked at may be there.
  if (await isThere(copy.path).catch(() => true)) catalog.addArrival(copy.pool, { from: source.id, copy });
}
