import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { StatusError } from "../../kit/errors.ts";
import { newVhdxImage } from "../../vhdx/index.ts";
import type { SizeRange, Volume } from "./engine.ts";
import { requireFreeSpace } from "./free-space.ts";
import { checkVolumeName } from "./names.ts";
import type { EngineParts } from "./parts.ts";
import { encodeRecord } from "./record.ts";
import { fixedLayoutFor, type FixedLayout } from "./volume-size.ts";

/**
 * Makes a volume, or finds the one that an equal request made.
 *
 * The temporary files are the intent: until the disk has its name the volume does not exist, and a start after a
 * crash removes them; once it has, that start gives the record its name too.
 */
export async function createVolume(parts: EngineParts, name: string, range: SizeRange): Promise<Volume> {
  checkVolumeName(name);
  const layout = fixedLayoutFor(range);
  const existing = parts.catalog.byName(name);
  if (existing !== undefined) return sameVolume(existing, range, layout.size);
  await requireFreeSpace(parts.pool, layout.size);

  const volume = await makeVolume(parts, name, range.required, layout);
  parts.catalog.put(volume);
  return volume;
}

async function makeVolume(
  { pool }: EngineParts,
  name: string,
  requested: bigint,
  layout: FixedLayout,
): Promise<Volume> {
  const id = randomUUID();
  const path = pool.diskPath(name, id);
  const recordPath = pool.recordPath(name, id);
  const temporaryDisk = pool.temporaryPath(id, "vhdx");
  const temporaryRecord = pool.temporaryPath(id, "json");
  const image = newVhdxImage({ type: "fixed", virtualDiskId: id, ...layout });
  const record = { version: 1, id, name, requestedSize: Number(requested), createdAt: now() } as const;
  const recordBytes = Buffer.from(encodeRecord(record));
  try {
    await pool.writers.write({
      files: [
        { path: temporaryDisk, size: image.size, pieces: image.pieces },
        { path: temporaryRecord, size: 0n, pieces: [{ offset: 0n, bytes: recordBytes }] },
      ],
      renames: [
        [temporaryDisk, path],
        [temporaryRecord, recordPath],
      ],
    });
    await pool.sync.flush();
  } catch (error) {
    // Nobody was told of this disk, so nobody can have written to it.
    const made = [temporaryDisk, path, temporaryRecord, recordPath];
    await Promise.all(made.map((file) => rm(file, { force: true })));
    throw error;
  }
  return { id, name, size: layout.size, type: "fixed", path, requestedSize: requested };
}

function sameVolume(existing: Volume, { required, limit }: SizeRange, size: bigint): Volume {
  const fits =
    limit === undefined
      ? existing.size === size || existing.requestedSize === required
      : existing.size >= required && existing.size <= limit;
  if (fits) return existing;
  throw new StatusError(
    "ALREADY_EXISTS",
    `volume ${existing.name} exists with ${existing.size} bytes; ${required} were asked for`,
  );
}

function now(): string {
  return new Date().toISOString();
}
