import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { StatusError } from "../../kit/errors.ts";
import { version } from "../../kit/version.ts";
import { createUnnamedVhdx } from "../../vhdx/index.ts";
import type { SizeRange, Volume } from "./engine.ts";
import { requireFreeSpace } from "./free-space.ts";
import { checkVolumeName } from "./names.ts";
import type { EngineParts } from "./parts.ts";
import type { Pool } from "./pool.ts";
import { fixedLayoutFor, type FixedLayout } from "./volume-size.ts";

/**
 * Makes a volume, or finds the one that an equal request made.
 *
 * The temporary disk is the intent: until it has its name the volume does not exist, and a start after a crash
 * removes it. Everything there is to know about the volume is in the disk and its name.
 */
export async function createVolume(parts: EngineParts, name: string, range: SizeRange): Promise<Volume> {
  checkVolumeName(name);
  const layout = fixedLayoutFor(range);
  const existing = parts.catalog.byName(name);
  if (existing !== undefined) return sameVolume(existing, range, layout.size);
  parts.catalog.refuseLeftAlone(name);
  await requireFreeSpace(parts.pool, layout.size);

  const volume = await makeVolume(parts.pool, name, layout);
  parts.catalog.put(volume);
  return volume;
}

async function makeVolume(pool: Pool, name: string, layout: FixedLayout): Promise<Volume> {
  const id = randomUUID();
  const path = pool.diskPath(name, id);
  const temporary = pool.temporaryPath(id);
  const creator = `csi-driver-hyperv ${version} ${new Date().toISOString()}`;
  try {
    await createUnnamedVhdx(temporary, { type: "fixed", virtualDiskId: id, creator, ...layout });
    await rename(temporary, path);
    await pool.sync.flush();
  } catch (error) {
    // Nobody was told of this disk, so nobody can have written to it.
    await Promise.all([temporary, path].map((file) => rm(file, { force: true })));
    throw error;
  }
  return { id, name, size: layout.size, type: "fixed", path };
}

function sameVolume(existing: Volume, { required, limit }: SizeRange, size: bigint): Volume {
  const fits =
    limit === undefined ? existing.size === size : existing.size >= required && existing.size <= limit;
  if (fits) return existing;
  throw new StatusError(
    "ALREADY_EXISTS",
    `volume ${existing.name} exists with ${existing.size} bytes; ${required} were asked for`,
  );
}
