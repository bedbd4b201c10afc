import { type BigIntStats, constants } from "node:fs";
import { lstat, realpath, stat } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { VhdxError } from "../error.ts";
import { readHeaders } from "../format/header.ts";
import type { ParentLocator } from "../format/parent-locator.ts";
import { Descriptor } from "../storage/descriptor.ts";
import { DiskFile, type ReadableFile } from "../storage/file.ts";
import { parentCandidates } from "./parent-candidates.ts";

/** A parent opened for reading on behalf of a child. */
export interface OpenedParent {
  readonly name: string;
  readonly file: ReadableFile;
  close(): Promise<void>;
}

/** Who names a parent, and how. */
export interface ParentReference {
  /** Path of the file that has the locator. */
  readonly child: string;
  /** As it was found: input from a stranger. */
  readonly locator: ParentLocator;
}

/** Finds and opens a parent; undefined when there is none where it may look. */
export type ParentResolver = (reference: ParentReference) => Promise<OpenedParent | undefined>;

/**
 * Looks for parents inside these directories only, whatever symbolic links say: first where the relative, the volume and
 * the absolute path lead, then, for files moved from another machine, for their names beside the child. UNC and
 * device paths are not touched at all, and no file is its own parent. Files whose DataWriteGuid is another are passed
 * over for a better one. System errors about a file inside the directories (EACCES, EBUSY, …) pass through.
 */
export function parentsInside(directories: readonly string[]): ParentResolver {
  return async ({ child, locator }) => {
    const allowed = await Promise.all(directories.map((directory) => realpath(directory)));
    const own = await stat(child, { bigint: true });
    const home = dirname(await realpath(child));
    let first: OpenedParent | undefined;
    try {
      for (const candidate of parentCandidates(home, locator)) {
        const place = await realpath(candidate).catch(() => undefined);
        if (place === undefined || !allowed.some((directory) => isInside(place, directory))) continue;
        const file = await openRegularFile(place, own);
        if (file === undefined) continue;
        const parent = { name: place, file, close: () => file.close() };
        if (await hasLinkage(file, locator)) {
          await first?.close();
          return parent;
        }
        if (first === undefined) first = parent;
        else await parent.close();
      }
      return first;
    } catch (error) {
      await first?.close();
      throw error;
    }
  };
}

function isInside(place: string, directory: string): boolean {
  return place.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/**
 * Undefined for what is gone, no regular file, or the child itself. What is no file is not opened: that alone can hang
 * or start a device. Links may be swapped meanwhile: the open file must be the one looked at, and still at `path`.
 */
async function openRegularFile(path: string, child: BigIntStats): Promise<DiskFile | undefined> {
  const seen = await unlessGone(lstat(path, { bigint: true }));
  if (!seen?.isFile() || isSame(seen, child)) return undefined;
  const descriptor = await unlessGone(Descriptor.open(path, constants.O_RDONLY | nonBlocking | noFollow));
  if (descriptor === undefined) return undefined;
  let stayed = false;
  try {
    const present = await descriptor.stat();
    stayed = isSame(present, seen) && (await unlessGone(realpath(path))) === path;
  } finally {
    if (!stayed) await descriptor.close();
  }
  return stayed ? DiskFile.from(descriptor) : undefined;
}

/** Windows has neither. */
const { O_NONBLOCK: nonBlocking = 0, O_NOFOLLOW: noFollow = 0 } = constants as Partial<typeof constants>;

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Undefined where a path led to a file a moment ago and does not any more. */
async function unlessGone<T>(opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(code)) return undefined;
    throw error;
  }
}

async function hasLinkage(file: DiskFile, { linkage, linkage2 }: ParentLocator): Promise<boolean> {
  try {
    const { dataWriteGuid } = (await readHeaders(file)).header;
    return dataWriteGuid === linkage || dataWriteGuid === linkage2;
  } catch (error) {
    if (error instanceof VhdxError) return false;
    await file.close();
    throw error;
  }
}
