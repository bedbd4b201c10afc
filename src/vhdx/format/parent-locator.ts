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
const pathNames = ["relativePath", "volumePath", "absolutePath"] as const;
const knownKeys: readonly string[] = Object.values(layout.keys);
const longestKey = 2 * Math.max(...knownKeys.map((key) => key.length));

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

/**
 * The item's bytes. RangeError for a linkage that is no GUID, and for a path that is empty, has a NUL or more than
 * 32,767 UTF-16 units.
 */
export function encodeParentLocator(locator: ParentLocator): Buffer {
  const texts: [string, string][] = [[layout.keys.linkage, `{${normalizeGuid(locator.linkage)}}`]];
  if (locator.linkage2 !== undefined) {
    texts.push([layout.keys.linkage2, `{${normalizeGuid(locator.linkage2)}}`]);
  }
  for (const name of pathNames) {
    const path = locator[name];
    if (path !== undefined) texts.push([layout.keys[name], checkedPath(path)]);
  }
  const parts = texts.map(
    ([key, value]) => [Buffer.from(key, "utf16le"), Buffer.from(value, "utf16le")] as const,
  );
  const head = Buffer.alloc(layout.entries + parts.length * entryLayout.size);
  writeGuid(head, 0, layout.type);
  head.writeUInt16LE(parts.length, layout.count);
  let end = head.length;
  parts.forEach(([key, value], index) => {
    const at = layout.entries + index * entryLayout.size;
    head.writeUInt32LE(end, at + entryLayout.keyOffset);
    head.writeUInt32LE(end + key.length, at + entryLayout.valueOffset);
    head.writeUInt16LE(key.length, at + entryLayout.keyLength);
    head.writeUInt16LE(value.length, at + entryLayout.valueLength);
    end += key.length + value.length;
  });
  return Buffer.concat([head, ...parts.flat()]);
}

function checkedPath(path: string): string {
  if (path === "" || path.includes("\0")) throw new RangeError("a path to a parent is empty or has a NUL");
  if (path.length > 32_767) throw new RangeError("a path to a parent has at most 32,767 UTF-16 units");
  return path;
}

/**
 * The locator in an item that lies at `fileOffset`; VhdxError, at the faulty field, when it is malformed or of a kind
 * other than VHDX. Keys other than the five known ones are ignored.
 */
export function decodeParentLocator(bytes: Buffer, fileOffset: bigint): ParentLocator {
  const refuse: Refuse = (at, problem) => new VhdxError("parent locator", fileOffset + BigInt(at), problem);
  if (bytes.length < layout.entries) throw refuse(0, `${bytes.length} bytes are too few`);
  const type = readGuid(bytes, 0);
  if (type !== layout.type) throw refuse(0, `its type is ${type}, not that of a VHDX parent`);
  const values = readValues(bytes, refuse);
  const linkage = guidIn(values, layout.keys.linkage, refuse);
  if (linkage === undefined) throw refuse(layout.entries, `${layout.keys.linkage} is missing`);
  const linkage2 = guidIn(values, layout.keys.linkage2, refuse);
  const paths = pathNames.flatMap((name) => {
    const path = pathIn(values, layout.keys[name], refuse);
    return path === undefined ? [] : [[name, path] as const];
  });
  return {
    linkage,
    ...(linkage2 === undefined || linkage2 === ZERO_GUID ? {} : { linkage2 }),
    ...Object.fromEntries(paths),
  };
}

/** The error about the field at byte `at` of the item. */
type Refuse = (at: number, problem: string) => VhdxError;

/** Values by key, and where in the item they lie. */
type Values = ReadonlyMap<string, { readonly text: string; readonly at: number }>;

/** Texts may overlap: decoding all that 65,535 entries claim would take gigabytes, so only known keys are. */
function readValues(bytes: Buffer, refuse: Refuse): Values {
  const count = bytes.readUInt16LE(layout.count);
  if (layout.entries + count * entryLayout.size > bytes.length) {
    throw refuse(layout.count, `${count} entries are more than it has room for`);
  }
  const values = new Map<string, { text: string; at: number }>();
  for (let index = 0; index < count; index++) {
    const entry = layout.entries + index * entryLayout.size;
    const bounds = (offsetField: number, lengthField: number) => {
      const start = bytes.readUInt32LE(entry + offsetField);
      const length = bytes.readUInt16LE(entry + lengthField);
      if (length % 2 !== 0) throw refuse(entry + lengthField, "half a UTF-16 unit");
      if (start + length > bytes.length) throw refuse(entry + offsetField, "a text is out of place");
      return [start, start + length] as const;
    };
    const [keyStart, keyEnd] = bounds(entryLayout.keyOffset, entryLayout.keyLength);
    const [valueStart, valueEnd] = bounds(entryLayout.valueOffset, entryLayout.valueLength);
    if (keyEnd - keyStart > longestKey) continue;
    const key = bytes.toString("utf16le", keyStart, keyEnd);
    if (!knownKeys.includes(key)) continue;
    if (values.has(key)) throw refuse(entry, `${key} appears twice`);
    values.set(key, { text: bytes.toString("utf16le", valueStart, valueEnd), at: valueStart });
  }
  return values;
}

function guidIn(values: Values, key: string, refuse: Refuse): string | undefined {
  const value = values.get(key);
  if (value === undefined) return undefined;
  try {
    return normalizeGuid(value.text.replace(/^\{(.*)\}$/s, "$1"));
  } catch {
    throw refuse(value.at, `${key} is not a GUID`);
  }
}

function pathIn(values: Values, key: string, refuse: Refuse): string | undefined {
  const value = values.get(key);
  if (value?.text.includes("\0")) throw refuse(value.at, `${key} has a NUL`);
  return value?.text === "" ? undefined : value?.text;
}
