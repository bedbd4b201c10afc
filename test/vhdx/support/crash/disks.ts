import { writeNewImage } from "../../../../src/vhdx/operations/create.ts";
import { randomBytes } from "node:crypto";
import { MiB } from "../../../../src/kit/sizes.ts";
import { WritableDisk } from "../../../../src/vhdx/disk/writable-disk.ts";
import { randomGuid } from "../../../../src/vhdx/format/guid.ts";
import { readHeaders } from "../../../../src/vhdx/format/header.ts";
import type { ParentLocator } from "../../../../src/vhdx/format/parent-locator.ts";
import {
  newVhdxImage,
  type NewChildOptions,
  type NewImageOptions,
} from "../../../../src/vhdx/operations/new-image.ts";
import { MemoryFile } from "../memory-file.ts";
import { NAME, readOnly, type View } from "./content.ts";
import { type Step, take } from "./session.ts";

export const BLOCK = 1 << 20;

/** What may be chosen of a disk of any kind. */
export type Choice = Partial<Omit<NewChildOptions, "type" | "parent">>;

/** A new disk of 3 blocks of 1 MiB, dynamic, unless told otherwise. */
export function newDisk({
  type = "dynamic",
  ...choice
}: Choice & { type?: "fixed" | "dynamic" } = {}): Promise<MemoryFile> {
  return written({ ...defaults(), ...choice, type });
}

/** What every disk has unless told otherwise. */
export function defaults(): { size: bigint; blockSize: number; virtualDiskId: string } {
  return { size: 3n * MiB, blockSize: BLOCK, virtualDiskId: randomGuid() };
}

async function written(options: NewImageOptions): Promise<MemoryFile> {
  const file = new MemoryFile();
  await writeNewImage(file, newVhdxImage(options));
  return file;
}

/** Everything of a disk of `size` bytes without parent. */
export function wholeOf(size: bigint): View {
  return { options: {}, ranges: [[0n, size]] };
}

/** How a child of `parent` names it, and how to look at `ranges` of the child. */
export async function childOf(
  parent: MemoryFile,
  ranges: View["ranges"],
): Promise<{ readonly parent: ParentLocator; readonly view: View }> {
  const { header } = await readHeaders(parent);
  const opened = { name: "parent.vhdx", file: readOnly(parent), close: () => Promise.resolve() };
  return {
    parent: { linkage: header.dataWriteGuid, relativePath: ".\\parent.vhdx" },
    view: { options: { resolveParent: () => Promise.resolve(opened) }, ranges },
  };
}

/** A new child of `parent`, and how to look at `ranges` of it. */
export async function newChild(
  parent: MemoryFile,
  ranges: View["ranges"],
  choice: Choice = {},
): Promise<{ readonly file: MemoryFile; readonly view: View }> {
  const { parent: locator, view } = await childOf(parent, ranges);
  return { file: await written({ ...defaults(), ...choice, type: "differencing", parent: locator }), view };
}

/** Changes a disk before anything is recorded. */
export async function prepared(
  file: MemoryFile,
  steps: readonly Step[],
  { options }: Pick<View, "options"> = { options: {} },
): Promise<MemoryFile> {
  const disk = await WritableDisk.on(file, NAME, options);
  for (const step of steps) await take(disk, step);
  await disk.close();
  return file;
}

/** A write of random bytes. */
export function write(offset: number, length: number): Step {
  return { kind: "write", offset, data: randomBytes(length) };
}

export const flush: Step = { kind: "flush" };
