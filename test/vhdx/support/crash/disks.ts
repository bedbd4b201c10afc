import { randomBytes } from "node:crypto";
import { MiB } from "../../../../src/kit/sizes.ts";
import { WritableDisk } from "../../../../src/vhdx/disk/writable-disk.ts";
import { randomGuid } from "../../../../src/vhdx/format/guid.ts";
import { readHeaders } from "../../../../src/vhdx/format/header.ts";
import { newVhdxImage, type NewImageOptions } from "../../../../src/vhdx/operations/new-image.ts";
import { MemoryFile } from "../memory-file.ts";
import { NAME, readOnly, type View } from "./content.ts";
import type { Step } from "./session.ts";

export const BLOCK = 1 << 20;

/** A new disk of 3 blocks of 1 MiB, unless told otherwise. */
export async function newDisk(options: Partial<NewImageOptions> = {}): Promise<MemoryFile> {
  const { size, pieces } = newVhdxImage({
    ...{ type: "dynamic", size: 3n * MiB, blockSize: BLOCK, virtualDiskId: randomGuid() },
    ...options,
  });
  const file = new MemoryFile();
  await file.resize(size);
  for (const { offset, bytes } of pieces) file.put(offset, bytes);
  return file;
}

/** Everything of a disk of `size` bytes without parent. */
export function wholeOf(size: bigint): View {
  return { options: {}, ranges: [[0n, size]] };
}

/** A child of `parent`, and how to look at `ranges` of it. */
export async function newChild(
  parent: MemoryFile,
  ranges: View["ranges"],
  options: Partial<NewImageOptions> = {},
): Promise<{ readonly file: MemoryFile; readonly view: View }> {
  const { header } = await readHeaders(parent);
  const locator = { linkage: header.dataWriteGuid, relativePath: ".\\parent.vhdx" };
  const file = await newDisk({ type: "differencing", parent: locator, ...options });
  const opened = { name: "parent.vhdx", file: readOnly(parent), close: () => Promise.resolve() };
  return { file, view: { options: { resolveParent: () => Promise.resolve(opened) }, ranges } };
}

/** Changes a disk before anything is recorded. */
export async function prepared(
  file: MemoryFile,
  writes: readonly Extract<Step, { kind: "write" }>[],
  { options }: Pick<View, "options"> = { options: {} },
): Promise<MemoryFile> {
  const disk = await WritableDisk.on(file, NAME, options);
  for (const { offset, data } of writes) await disk.write(BigInt(offset), data);
  await disk.close();
  return file;
}

/** A write of random bytes. */
export function write(offset: number, length: number): Extract<Step, { kind: "write" }> {
  return { kind: "write", offset, data: randomBytes(length) };
}

export const flush: Step = { kind: "flush" };
