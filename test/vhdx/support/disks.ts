import { randomBytes } from "node:crypto";
import { MiB } from "../../../src/kit/sizes.ts";
import { ReadableDisk } from "../../../src/vhdx/disk/readable-disk.ts";
import { WritableDisk } from "../../../src/vhdx/disk/writable-disk.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import type { ParentResolver } from "../../../src/vhdx/image/parent-resolver.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";

/** A disk of eight blocks of 1 MiB with random data at these places: [offset, length] in bytes. */
export async function diskWith(
  path: string,
  places: readonly (readonly [number, number])[],
  type: "dynamic" | "fixed" = "dynamic",
): Promise<void> {
  await createVhdx(path, { type, size: 8n * MiB, blockSize: 1 << 20, virtualDiskId: randomGuid() });
  await writeRandom(path, places);
}

/** Puts random data at these places of a disk. */
export async function writeRandom(
  path: string,
  places: readonly (readonly [number, number])[],
  resolveParent?: ParentResolver,
): Promise<void> {
  const disk = await WritableDisk.open(path, resolveParent ? { resolveParent } : {});
  for (const [offset, length] of places) await disk.write(BigInt(offset), randomBytes(length));
  await disk.close();
}

/** Everything a disk holds. */
export async function contentOf(path: string, resolveParent?: ParentResolver): Promise<Buffer> {
  const disk = await ReadableDisk.open(path, resolveParent ? { resolveParent } : {});
  try {
    const bytes = Buffer.alloc(Number(disk.virtualSize));
    await disk.read(0n, bytes);
    return bytes;
  } finally {
    await disk.close();
  }
}
