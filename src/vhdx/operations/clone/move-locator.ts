import { dirname, resolve } from "node:path";
import { VhdxError } from "../../error.ts";
import { parentLocatorItem } from "../../format/metadata.ts";
import { encodeMetadataTable, metadataTableLayout, readMetadataTable } from "../../format/metadata-table.ts";
import { encodeParentLocator, type ParentLocator } from "../../format/parent-locator.ts";
import type { Region } from "../../format/region-table.ts";
import type { WritableFile } from "../../storage/file.ts";
import { windowsRelativePath } from "../create-child.ts";

/**
 * The locator for a child that moves from `source` to `target`: its relative path leads to the same place from there.
 * Undefined when nothing changes.
 */
export function locatorFrom(
  locator: ParentLocator,
  source: string,
  target: string,
): ParentLocator | undefined {
  const { relativePath } = locator;
  const home = dirname(resolve(source));
  if (relativePath === undefined || home === dirname(resolve(target))) return undefined;
  const parent = resolve(home, relativePath.replaceAll("\\", "/"));
  return { ...locator, relativePath: windowsRelativePath(target, parent) };
}

/** Puts another locator into a file that is nobody's disk yet: behind all other items. VhdxError when there is no room. */
export async function replaceLocator(
  file: WritableFile,
  metadata: Region,
  locator: ParentLocator,
): Promise<void> {
  const bytes = encodeParentLocator(locator);
  const entries = await readMetadataTable(file, metadata);
  const ends = entries.map(({ offset, length }) => offset + length);
  const offset = Math.ceil(Math.max(metadataTableLayout.size, ...ends) / 8) * 8;
  if (offset + bytes.length > metadata.length) {
    throw new VhdxError("metadata", metadata.offset, "its region has no room for another parent locator");
  }
  const moved = entries.map((entry) =>
    entry.id === parentLocatorItem.id ? { ...entry, offset, length: bytes.length } : entry,
  );
  await file.write(metadata.offset + BigInt(offset), bytes);
  await file.write(metadata.offset, encodeMetadataTable(moved));
}
