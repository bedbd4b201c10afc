import { readFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Medium } from "./model.ts";

/** Bytes that a medium has now. */
export async function sizeOf({ path, offset, size }: Medium): Promise<number> {
  if (size !== undefined) return size;
  const entry = await stat(path);
  if (!entry.isBlockDevice()) return entry.size - offset;
  return Number(readFileSync(`/sys/class/block/${basename(path)}/size`, "utf8")) * 512 - offset;
}

export async function readBytes({ path, offset }: Medium, at: number, length: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(bytes, 0, length, offset + at);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export async function writeBytes({ path, offset }: Medium, at: number, bytes: Buffer): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.write(bytes, 0, bytes.length, offset + at);
    await file.sync();
  } finally {
    await file.close();
  }
}
