import { changedLabels, checkAttributes, checkLabels } from "../labels.ts";
import type { Volume, VolumeChange } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { saveRecord } from "../records/volume-record.ts";
import { soundVolume } from "./known-volume.ts";

/** Changes labels and attributes of a volume; its content is left alone. */
export async function modifyVolume(
  parts: EngineParts,
  id: string,
  change: VolumeChange,
  signal: AbortSignal,
): Promise<Volume> {
  checkAttributes(change.attributes, parts.host.manifest);
  checkLabels(change.labels);
  const volume = await soundVolume(parts, id);
  const labels = changedLabels(volume.labels, change.labels);
  checkLabels(labels);
  const attributes = { ...volume.attributes, ...change.attributes };
  if (Object.keys(change.attributes).length > 0) {
    parts.host.manifest.refuseContradictions(attributes);
    await parts.host.applyAttributes(id, attributes, signal);
  }
  return await saveVolume(parts, { ...volume, labels, attributes });
}

/** Makes what is recorded of a volume durable. */
export async function saveVolume({ pools, inventory }: EngineParts, volume: Volume): Promise<Volume> {
  const pool = pools.byName(volume.pool);
  await saveRecord(pool, volume);
  await pool.sync.flush();
  return await inventory.putVolume(volume);
}
