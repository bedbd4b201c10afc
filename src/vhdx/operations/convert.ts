import { MiB, roundUp } from "../../kit/sizes.ts";
import { chainExtents } from "../disk/chain-extents.ts";
import { type OpenOptions, ReadableDisk } from "../disk/readable-disk.ts";
import { WritableDisk } from "../disk/writable-disk.ts";
import { randomGuid } from "../format/guid.ts";
import { withCreatedFile } from "../storage/created-file.ts";
import { DiskFile } from "../storage/file.ts";
import { makeNewFile } from "../storage/new-file.ts";
import { type CopyEnds, copyData, type DataRange } from "./copy-data.ts";
import { createUnnamedVhdx } from "./create.ts";
import type { NewDiskOptions } from "./new-image.ts";

/** How a disk is kept in a file: raw is the bytes of the disk and nothing else. */
export type DiskFormat = "raw" | "dynamic" | "fixed";

export interface ConvertOptions extends OpenOptions {
  /** A VHDX, flattened with all its parents, or the disk's bytes. */
  readonly from: "vhdx" | "raw";
  readonly to: DiskFormat;
  /** Of the new VHDX, bytes; 1 MiB to 256 MiB. 32 MiB for dynamic and 2 MiB for fixed disks unless given. */
  readonly blockSize?: number;
  /** Of the new VHDX; a new one unless given: two disks of one id collide in a guest. */
  readonly virtualDiskId?: string;
  /** Bytes of the disk done, and all of them. */
  readonly onProgress?: (done: bigint, total: bigint) => void;
}

/** A disk to be copied. */
interface Source extends Pick<CopyEnds, "read"> {
  readonly size: bigint;
  readonly logicalSectorSize: 512 | 4096;
  readonly data: () => AsyncIterable<DataRange>;
  readonly close: () => Promise<void>;
}

/**
 * Writes the disk in the file `source` to the new file `target` in another format. Only what is not zero is read and
 * written; holes stay holes. The target's contents are durable and it gets its name when all is done; on failure
 * nothing of it stays. A raw disk is rounded up to whole sectors. EEXIST when there is a `target`; VhdxError
 * when the source or a parent is damaged; RangeError when an option is out of range.
 */
export async function convertDisk(source: string, target: string, options: ConvertOptions): Promise<void> {
  await makeNewFile(target, (partial) => convertUnnamedDisk(source, partial, options));
}

/** Like `convertDisk`, straight into `target`, for callers that give the file its real name when this has resolved. */
export async function convertUnnamedDisk(
  source: string,
  target: string,
  options: ConvertOptions,
): Promise<void> {
  const from = options.from === "raw" ? await openRaw(source) : await openVhdx(source, options);
  try {
    if (options.to === "raw") await fillRaw(from, target, options);
    else await fillVhdx(from, target, options.to, options);
  } finally {
    await from.close();
  }
}

async function openRaw(path: string): Promise<Source> {
  const file = await DiskFile.open(path, "r");
  const size = await file.size();
  async function* data() {
    for (let at = 0n; at < size;) {
      const range = file.nextData(at, size);
      if (range === undefined) return;
      yield await Promise.resolve({ start: Number(range.start), end: Number(range.end) });
      at = range.end;
    }
  }
  return {
    size: roundUp(size, 512n),
    logicalSectorSize: 512,
    data,
    read: (offset, bytes) => file.readInto("raw disk", BigInt(offset), bytes),
    close: () => file.close(),
  };
}

async function openVhdx(path: string, options: OpenOptions): Promise<Source> {
  const disk = await ReadableDisk.open(path, options);
  const size = Number(disk.virtualSize);
  async function* data() {
    for await (const extent of chainExtents(disk.layers, 0, size, options.signal)) {
      if (extent.source === "file") yield extent;
    }
  }
  return {
    size: disk.virtualSize,
    logicalSectorSize: disk.parameters.logicalSectorSize === 512 ? 512 : 4096,
    data,
    read: (offset, bytes) => disk.read(BigInt(offset), bytes),
    close: () => disk.close(),
  };
}

function fillRaw(from: Source, path: string, options: ConvertOptions): Promise<void> {
  return withCreatedFile(path, async (file) => {
    await file.resize(from.size);
    await copy(from, (offset, bytes) => file.write(BigInt(offset), bytes), options);
    await file.flush();
  });
}

async function fillVhdx(
  from: Source,
  path: string,
  type: "dynamic" | "fixed",
  options: ConvertOptions,
): Promise<void> {
  const image: NewDiskOptions = {
    type,
    size: roundUp(from.size, BigInt(from.logicalSectorSize)),
    virtualDiskId: options.virtualDiskId ?? randomGuid(),
    logicalSectorSize: from.logicalSectorSize,
    ...(options.blockSize === undefined ? {} : { blockSize: options.blockSize }),
  };
  await createUnnamedVhdx(path, image, options.signal);
  const disk = await WritableDisk.open(path);
  try {
    await copy(from, (offset, bytes) => disk.write(BigInt(offset), bytes), options);
  } finally {
    await disk.close();
  }
}

/** Progress is where the copy stands on the disk, told at most once for each MiB. */
async function copy(from: Source, write: CopyEnds["write"], options: ConvertOptions): Promise<void> {
  const { signal, onProgress } = options;
  let told = 0;
  await copyData(from.data(), { read: from.read, write }, signal, (position) => {
    if (position < told + Number(MiB)) return;
    told = position;
    onProgress?.(BigInt(position), from.size);
  });
  onProgress?.(from.size, from.size);
}
