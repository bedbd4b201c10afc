import { ReadableDisk, WritableDisk } from "../../src/vhdx/index.ts";

/** Writes bytes into a detached disk, durably. */
export async function writeDisk(path: string, offset: bigint, bytes: Uint8Array): Promise<void> {
  const disk = await WritableDisk.open(path);
  try {
    await disk.write(offset, bytes);
  } finally {
    await disk.close();
  }
}

export async function readDisk(path: string, offset: bigint, length: number): Promise<Buffer> {
  const disk = await ReadableDisk.open(path);
  try {
    const bytes = Buffer.alloc(length);
    await disk.read(offset, bytes);
    return bytes;
  } finally {
    await disk.close();
  }
}
