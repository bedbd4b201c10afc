import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { DiskAddress } from "../../src/agent-client/disk-address.ts";
import { listLoopDevices, type LoopDevice } from "../../src/kit/loop-devices.ts";

/** The file that a disk address of the local host names. */
export function backingFileAt(address: DiskAddress): string {
  if (address.kind === "loop") return address.backingFile;
  throw new Error("the disk is not on the local host");
}

/** The loop device that a disk address means. */
export function loopAt(address: DiskAddress): LoopDevice {
  const backingFile = backingFileAt(address);
  const loop = listLoopDevices().find((each) => each.backingFile === backingFile);
  if (loop === undefined) throw new Error(`no loop device has ${backingFile}`);
  return loop;
}

export async function writeBytes(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.write(bytes, 0, bytes.length, offset);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function readBytes(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Checksum of a whole file or device. */
export async function checksum(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
