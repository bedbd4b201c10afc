import { VhdxError } from "../error.ts";
import { normalizeGuid, readGuid, writeGuid, ZERO_GUID } from "./guid.ts";

/** Says where the parent of a differencing disk is: keys and values in UTF-16LE. [MS-VHDX] 2.6.2.6. */
export const parentLocatorLayout = {
  type: "b04aefb7-d19e-4a81-b789-25b8e9445913",
  count: 18,
  entries: 20,
  /** Offsets count from the start of the item; lengths are bytes. */
  entry: { keyOffset: 0, valueOffset: 4, keyLength: 8, valueLength: 10, size: 12 },
  keys: {
    linkage: "parent_linkage",
    linkage2: "parent_linkage2",
    relativePath: "relative_path",
    volumePath: "volume_path",
    absolutePath: "absolute_win32_path",
  },
} as const;

const layout = parentLocatorLayout;
const entryLayout = layout.entry;

/** A parent as its child names it. Paths are as the file has them, and not to be trusted. */
export interface ParentLocator {
  /** DataWriteGuid of the parent. */
  readonly linkage: string;
  /** Another DataWriteGuid the parent may have: that of a merge which was cut off. */
  readonly linkage2?: string;
  /** From the directory of the child. */
  readonly relativePath?: string;
  /** `\\?\Volume{…}\…`. */
  readonly volumePath?: string;
  readonly absolutePath?: string;
}

/** The item's bytes. RangeError when a path is longer than 32,767 UTF-16 units. */
export function encodeParentLocator(locator: ParentLocator): Buffer {
  const texts: [string, string][] = [[layout.keys.linkage, `{${locator.linkage}}`]];
  if (locator.linkage2 !== undefined) texts.push([layout.keys.linkage2, `{${locator.linkage2}}`]);
  for (const name of ["relativePath", "volumePath", "absolutePath"] as const) {
    const path = locator[name];
    if (path !== undefined) texts.push([layout.keys[name], path]);
  }
  const parts = texts.map(
    ([key, value]) => [Buffer.from(key, "utf16le"), Buffer.from(value, "utf16le")] as const,
  );
  const head = Buffer.alloc(layout.entries + parts.length * entryLayout.size);
  writeGuid(head, 0, layout.type);
  head.writeUInt16LE(parts.length, layout.count);
  let end = head.length;
  parts.forEach(([key, value], index) => {
    if (value.length > 0xffff) throw new RangeError("a path to a parent has at most 32,767 UTF-16 units");
    const at = layout.entries + index * entryLayout.size;
    head.writeUInt32LE(end, at + entryLayout.keyOffset);
    head.writeUInt32LE(end + key.length, at + entryLayout.valueOffset);
    head.writeUInt16LE(key.length, at + entryLayout.keyLength);
    head.writeUInt16LE(value.length, at + entryLayout.valueLength);
    end += key.length + value.length;
  });
  return Buffer.concat([head, ...parts.flat()]);
}

/** The locator in an item that lies at `fileOffset`; VhdxError when it is malformed or of a kind other than VHDX. */
export function decodeParentLocator(bytes: Buffer, fileOffset: bigint): ParentLocator {
  const refuse = (at: number, problem: string) =>
    new VhdxError("parent locator", fileOffset + BigInt(at), problem);
  if (bytes.length < layout.entries) throw refuse(0, `${bytes.length} bytes are too few`);
  const type = readGuid(bytes, 0);
  if (type !== layout.type) throw refuse(0, `its type is ${type}, not that of a VHDX parent`);
  const count = bytes.readUInt16LE(layout.count);
  if (layout.entries + count * entryLayout.size > bytes.length)
    throw refuse(layout.count, `${count} entries`);
  const values = new Map<string, { readonly text: string; readonly at: number }>();
  for (let index = 0; index < count; index++) {
    const at = layout.entries + index * entryLayout.size;
    const text = (offsetField: number, lengthField: number): string => {
      const offset = bytes.readUInt32LE(at + offsetField);
      const length = bytes.readUInt16LE(at + lengthField);
      if (length % 2 !== 0 || offset + length > bytes.length) {
        throw refuse(at + offsetField, "a text is out of place");
      }
      return bytes.toString("utf16le", offset, offset + length);
    };
    const key = text(entryLayout.keyOffset, entryLayout.keyLength);
    if (values.has(key)) throw refuse(at, `${JSON.stringify(key.slice(0, 64))} appears twice`);
    values.set(key, { text: text(entryLayout.valueOffset, entryLayout.valueLength), at });
  }
  const guid = (key: string): string | undefined => {
    const value = values.get(key);
    if (value === undefined) return undefined;
    try {
      return normalizeGuid(value.text.replace(/^\{(.*)\}$/s, "$1"));
    } catch {
      throw refuse(value.at, `${key} is not a GUID`);
    }
  };
  const path = (key: string): string | undefined => {
    const value = values.get(key);
    if (value?.text.includes("\0")) throw refuse(value.at, `${key} has a NUL`);
    return value?.text === "" ? undefined : value?.text;
  };
  const linkage = guid(layout.keys.linkage);
  if (linkage === undefined) throw refuse(layout.entries, `${layout.keys.linkage} is missing`);
  const linkage2 = guid(layout.keys.linkage2);
  const paths = {
    relativePath: path(layout.keys.relativePath),
    volumePath: path(layout.keys.volumePath),
    absolutePath: path(layout.keys.absolutePath),
  };
  return {
    linkage,
    ...(linkage2 === undefined || linkage2 === ZERO_GUID ? {} : { linkage2 }),
    ...(paths.relativePath === undefined ? {} : { relativePath: paths.relativePath }),
    ...(paths.volumePath === undefined ? {} : { volumePath: paths.volumePath }),
    ...(paths.absolutePath === undefined ? {} : { absolutePath: paths.absolutePath }),
  };
}
