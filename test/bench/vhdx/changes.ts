import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { GiB } from "../../../src/kit/sizes.ts";
import {
  changedRanges,
  cloneVhdx,
  createVhdx,
  mapDisk,
  ReadableDisk,
  WritableDisk,
} from "../../../src/vhdx/index.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { compare, type Ratio } from "./ratio.ts";

const MIB = 1 << 20;
const VIRTUAL = 64 * 1024 * MIB;
/** 1 % of the disk. */
const CHANGED = Math.floor(VIRTUAL / 100 / MIB) * MIB;

/** Two disks of 64 GiB of which 1 % differs: finding it against only reading what both have allocated. */
export async function benchChanges(directory: string): Promise<Ratio[]> {
  const [before, after] = [join(directory, "before.vhdx"), join(directory, "after.vhdx")];
  await createVhdx(before, {
    type: "dynamic",
    size: 64n * GiB,
    virtualDiskId: randomGuid(),
    blockSize: 2 << 20,
  });
  await scatter(before, 0, 512);
  await cloneVhdx(before, after);
  await scatter(after, VIRTUAL / 2, CHANGED / MIB);
  const [one, other] = [await ReadableDisk.open(before), await ReadableDisk.open(after)];
  const allocated = [...(await fileRanges(one, before)), ...(await fileRanges(other, after))];
  const buffer = Buffer.alloc(MIB);
  let found = 0n;
  const ratio = await compare(
    "changes of 64 GiB with 1 % difference, against reading both",
    0.5,
    5,
    async () => {
      found = 0n;
      for await (const { length } of changedRanges(one, other)) found += length;
    },
    async () => {
      const handles = new Map([
        [before, await open(before, "r")],
        [after, await open(after, "r")],
      ]);
      for (const { path, start, end } of allocated) {
        for (let at = start; at < end; at += MIB) {
          await handles.get(path)?.read(buffer, 0, Math.min(MIB, end - at), at);
        }
      }
      for (const handle of handles.values()) await handle.close();
    },
  );
  if (Number(found) !== CHANGED) throw new Error(`${found} bytes differ, not ${CHANGED}`);
  await one.close();
  await other.close();
  await rm(before);
  await rm(after);
  return [ratio];
}

/** Writes pieces of 1 MiB, 16 MiB apart, from `offset` on. */
async function scatter(path: string, offset: number, count: number): Promise<void> {
  const disk = await WritableDisk.open(path);
  const data = randomBytes(MIB);
  for (let piece = 0; piece < count; piece++) await disk.write(BigInt(offset + piece * 16 * MIB), data);
  await disk.close();
}

async function fileRanges(disk: ReadableDisk, path: string) {
  const ranges: { path: string; start: number; end: number }[] = [];
  for await (const { fileOffset, length } of mapDisk(disk)) {
    ranges.push({ path, start: Number(fileOffset), end: Number(fileOffset + length) });
  }
  return ranges;
}
