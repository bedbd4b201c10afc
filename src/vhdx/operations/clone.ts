import { rm } from "node:fs/promises";
import { guidBytes, normalizeGuid, randomGuid } from "../format/guid.ts";
import { updateHeader } from "../format/header.ts";
import { type Image, readImage } from "../image/image.ts";
import { inspectVhdx, type VhdxInfo } from "../image/inspect.ts";
import { readOccupancy, refuseMisplaced } from "../image/occupancy.ts";
import { recover } from "../log/replay.ts";
import { fileSystem } from "../platform/file-system.ts";
import { withFile, type WritableFile } from "../storage/file.ts";
import { makeNewFile } from "../storage/new-file.ts";
import { copyOwnedParts } from "./clone/copy-file.ts";
import { locatorFrom, replaceLocator } from "./clone/move-locator.ts";
import { type OnProgress, progressOf } from "./progress.ts";

export interface CloneOptions {
  /** Of the clone; a new one unless given: two disks of one id collide in a guest. */
  readonly virtualDiskId?: string;
  readonly signal?: AbortSignal;
  /** Bytes of the file. */
  readonly onProgress?: OnProgress;
}

export interface CloneUnnamedOptions extends CloneOptions {
  /** Fails with ENOTSUP where the file system can't share the space, instead of copying. */
  readonly blockCloneOnly?: boolean;
}

/** A clone and how it was made. */
export interface Clone {
  readonly method: "block clone" | "copy";
  readonly info: VhdxInfo;
}

/**
 * Copies the disk in the file `source`, which nobody writes to meanwhile, to the new file `target`: same type and content,
 * another VirtualDiskId, no pending log. The file system shares the space where it can; otherwise what belongs to
 * something is copied, and holes stay holes. The clone of a differencing disk has the same parent. Contents are
 * durable and the file gets its name when all is done; on failure nothing of it stays. EEXIST when there is a
 * `target`; VhdxError when the source is damaged; RangeError for a bad id.
 */
export async function cloneVhdx(source: string, target: string, options: CloneOptions = {}): Promise<Clone> {
  const virtualDiskId = normalizeGuid(options.virtualDiskId ?? randomGuid());
  const method = await makeNewFile(target, (partial) =>
    make(source, target, partial, virtualDiskId, options),
  );
  return { method, info: await inspectVhdx(target) };
}

/**
 * Like `cloneVhdx`, straight into `target`, for callers that give the file its real name only when this has resolved.
 * The source may be in use by one who writes to its payload alone: with `blockCloneOnly` the copy is of one instant.
 */
export async function cloneUnnamedVhdx(
  source: string,
  target: string,
  options: CloneUnnamedOptions = {},
): Promise<Clone["method"]> {
  const virtualDiskId = normalizeGuid(options.virtualDiskId ?? randomGuid());
  try {
    return await make(source, target, target, virtualDiskId, options);
  } catch (error) {
    if (!isTaken(error, target)) await rm(target, { force: true });
    throw error;
  }
}

function isTaken(error: unknown, target: string): boolean {
  const { code, path, dest } = error as NodeJS.ErrnoException & { readonly dest?: string };
  return code === "EEXIST" && (path === target || dest === target);
}

/** Makes the clone in `file`, which will be found as `target`. */
async function make(
  source: string,
  target: string,
  file: string,
  virtualDiskId: string,
  options: CloneUnnamedOptions,
): Promise<Clone["method"]> {
  const method = await withFile(source, "r", (original) => copyTo(file, source, original, options));
  await withFile(file, "r+", (copy) => makeOwn(copy, source, target, virtualDiskId));
  return method;
}

async function copyTo(
  partial: string,
  source: string,
  file: Parameters<typeof readImage>[0],
  { signal, onProgress, blockCloneOnly }: CloneUnnamedOptions,
): Promise<Clone["method"]> {
  const image = await readImage(file);
  const occupancy = await readOccupancy(image, refuseMisplaced, signal);
  if (await fileSystem.cloneFile(source, partial)) return "block clone";
  if (blockCloneOnly === true) {
    throw Object.assign(new Error("the file system can't make a copy that shares space"), {
      code: "ENOTSUP",
    });
  }
  const size = await file.size();
  const progress = progressOf(size, onProgress);
  await copyOwnedParts(file, occupancy, partial, signal, (position) => {
    progress(BigInt(position));
  });
  progress(size);
  return "copy";
}

/**
 * Makes a byte copy of a disk, which nobody else has open, a disk of its own: another VirtualDiskId, other write GUIDs, no
 * pending log; durably. VhdxError when it is damaged; RangeError for a bad id.
 */
export async function renewIdentity(path: string, virtualDiskId: string): Promise<void> {
  const id = normalizeGuid(virtualDiskId);
  await withFile(path, "r+", (file) => makeOwn(file, path, path, id));
}

/** Makes a copy a disk of its own, durably. */
async function makeOwn(
  file: WritableFile,
  source: string,
  target: string,
  virtualDiskId: string,
): Promise<void> {
  const current = await recover(file);
  const { disk, regions }: Image = await readImage(file);
  await file.write(disk.virtualDiskIdOffset, guidBytes(virtualDiskId));
  const locator = disk.parentLocator && locatorFrom(disk.parentLocator, source, target);
  if (locator) await replaceLocator(file, regions.metadata, locator);
  await file.flush();
  const guids = { fileWriteGuid: randomGuid(), dataWriteGuid: randomGuid() };
  await updateHeader(file, await updateHeader(file, current, guids), {});
}
