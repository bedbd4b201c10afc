import { randomBytes } from "node:crypto";
import { MiB } from "../../../src/kit/sizes.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import type { NewDiskOptions } from "../../../src/vhdx/operations/new-image.ts";
import { writeChecksum } from "../../../src/vhdx/format/checksum.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { headerLayout } from "../../../src/vhdx/format/header.ts";
import { regionTableLayout } from "../../../src/vhdx/format/region-table.ts";
import { MemoryFile } from "./memory-file.ts";

/** Creates a VHDX at `path` and loads everything before its payload. */
export async function createInMemory(
  path: string,
  options: Partial<NewDiskOptions> = {},
): Promise<MemoryFile> {
  const info = await createVhdx(path, {
    type: "fixed",
    size: 16n * MiB,
    virtualDiskId: randomGuid(),
    ...options,
  });
  return MemoryFile.load(path, Number(info.payloadOffset ?? info.fileSize));
}

/** A structure that carries a checksum. */
export interface Checked {
  readonly offset: bigint;
  readonly size: number;
}

export const headers: readonly Checked[] = headerLayout.copies.map((offset) => ({
  offset,
  size: headerLayout.size,
}));
export const regionTables: readonly Checked[] = regionTableLayout.copies.map((offset) => ({
  offset,
  size: regionTableLayout.size,
}));

/** Changes a structure and makes its checksum right again. */
export function edit(file: MemoryFile, { offset, size }: Checked, change: (bytes: Buffer) => void): void {
  const bytes = file.get(offset, size);
  change(bytes);
  writeChecksum(bytes, size);
  file.put(offset, bytes);
}

/** The same edit of several structures: usually both copies. */
export function editAll(file: MemoryFile, all: readonly Checked[], change: (bytes: Buffer) => void): void {
  for (const one of all) edit(file, one, change);
}

/** Makes a structure's checksum wrong. */
export function spoil(file: MemoryFile, { offset }: Checked): void {
  file.put(offset + 4n, randomBytes(4));
}
