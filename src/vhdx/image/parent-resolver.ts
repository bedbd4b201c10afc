import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { basename, dirname, sep } from "node:path";
import { VhdxError } from "../error.ts";
import { readHeaders } from "../format/header.ts";
import type { ParentLocator } from "../format/parent-locator.ts";
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
 * device paths are not touched at all. Files whose DataWriteGuid is another are passed over for a better one.
 */
export function parentsInside(directories: readonly string[]): ParentResolver {
  return async ({ child, locator }) => {
    const allowed = await Promise.all(directories.map((directory) => realpath(directory)));
    const home = await realpath(dirname(child));
    let first: DiskFile | undefined;
    let firstName = "";
    for (const candidate of parentCandidates(home, locator)) {
      const place = await realpath(candidate).catch(() => undefined);
      if (place === undefined || !allowed.some((directory) => isInside(place, directory))) continue;
      const file = await openRegularFile(place);
      if (file === undefined) continue;
      if (await hasLinkage(file, locator)) {
        await first?.close();
        return opened(place, file);
      }
      if (first === undefined) [first, firstName] = [file, place];
      else await file.close();
    }
    return first && opened(firstName, first);
  };
}

function isInside(place: string, directory: string): boolean {
  return place.startsWith(directory.endsWith(sep) ? directory : directory + sep) && basename(place) !== "";
}

/** Undefined for what is no regular file, or is a link by now. */
async function openRegularFile(path: string): Promise<DiskFile | undefined> {
  const handle = await open(path, constants.O_RDONLY | nonBlocking | noFollow).catch(() => undefined);
  if (handle === undefined) return undefined;
  return DiskFile.from(handle).catch((error: unknown) => {
    if (error instanceof VhdxError) return undefined;
    throw error;
  });
}

/** Windows has neither. */
const { O_NONBLOCK: nonBlocking = 0, O_NOFOLLOW: noFollow = 0 } = constants as Partial<typeof constants>;

async function hasLinkage(file: DiskFile, { linkage, linkage2 }: ParentLocator): Promise<boolean> {
  try {
    const { dataWriteGuid } = (await readHeaders(file)).header;
    return dataWriteGuid === linkage || dataWriteGuid === linkage2;
  } catch (error) {
    if (error instanceof VhdxError) return false;
    throw error;
  }
}

function opened(name: string, file: DiskFile): OpenedParent {
  return { name, file, close: () => file.close() };
}
