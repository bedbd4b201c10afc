import { VhdxError } from "../error.ts";
import type { ReadableFile } from "../storage/file.ts";

/** File type identifier, the first bytes of every VHDX. [MS-VHDX] 2.2.1. */
export const fileIdentifierLayout = {
  magic: "vhdxfile",
  signature: { offset: 0, size: 8 },
  /** UTF-16LE, ended by NUL where shorter. */
  creator: { offset: 8, size: 512 },
  size: 520,
} as const;

const { magic, signature, creator, size } = fileIdentifierLayout;

/** The identifier's bytes; RangeError when the text has more than 256 UTF-16 units. */
export function encodeFileIdentifier(creatorText: string): Buffer {
  const text = Buffer.from(creatorText, "utf16le");
  if (text.length > creator.size) throw new RangeError("the creator text has more than 256 UTF-16 units");
  const bytes = Buffer.alloc(size);
  bytes.write(magic, signature.offset, "latin1");
  text.copy(bytes, creator.offset);
  return bytes;
}

/** Who made the file, free text; VhdxError when the file is no VHDX. */
export async function readCreator(file: ReadableFile): Promise<string> {
  const bytes = await file.read("file identifier", 0n, size);
  if (bytes.toString("latin1", 0, signature.size) !== magic) {
    throw new VhdxError("file identifier", signature.offset, "not a VHDX file");
  }
  const text = bytes.toString("utf16le", creator.offset, creator.offset + creator.size);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}
