import type { CallContext } from "../engine.ts";
import type { Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { fileNameOf } from "../pool/layout.ts";
import { claimRoom } from "../pool/room.ts";
import { volumeRecord } from "../records/entries.ts";
import { bringIn, newVolumeDisk } from "../records/new-disk.ts";
import { removeDeparted } from "../recovery/finish-moves.ts";
import { cutAtRest } from "./copy-disk.ts";
import { requireDetached, soundVolume } from "./known-volume.ts";
import { saveVolume } from "./modify-volume.ts";

/**
 * Moves a detached volume to another pool: a copy with the same id arrives there, then the disk here goes. A record says
 * so meanwhile, so that a start after a crash knows which of the two is meant.
 */
export async function moveVolume(
  parts: EngineParts,
  id: string,
  to: string,
  context: CallContext,
): Promise<Volume> {
  const { pools, inventory } = parts;
  const volume = await soundVolume(parts, id);
  if (volume.pool === to) return volume;
  await requireDetached(parts, id);
  const source = await pools.present(volume.pool);
  const target = await claimRoom(parts, to, { ...volume });
  const places = newVolumeDisk(target, fileNameOf(volume), id);
  const moved: Volume = { ...volume, pool: target.name, path: places.disk };
  try {
    await bringIn(places, { ...volumeRecord(moved), movedFrom: source.id }, (temporary) =>
      cutAtRest(volume, temporary, id, context),
    );
  } catch (error) {
    await inventory.look(volume);
    throw error;
  }
  await parts.host.forget(id);
  await removeDeparted(source, volume);
  return await saveVolume(parts, moved);
}
