import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { createVhdx, ReadableDisk, WritableDisk } from "../../../src/vhdx/index.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { compare, type Ratio } from "./ratio.ts";

const MIB = 1 << 20;
const SIZE = 1024 * MIB;
const RANDOM_READS = 20_000;

/** One piece after the other through the library, and the same on a plain file. */
export async function benchTransfer(directory: string): Promise<Ratio[]> {
  const [vhdx, plain] = [join(directory, "disk.vhdx"), join(directory, "disk.raw")];
  const data = randomBytes(MIB);
  const write = await compare(
    "write 1 GiB in order, against a plain file",
    0.8,
    5,
    async () => {
      await createVhdx(vhdx, { type: "dynamic", size: BigInt(SIZE), virtualDiskId: randomGuid() });
      const disk = await WritableDisk.open(vhdx);
      for (let at = 0; at < SIZE; at += MIB) await disk.write(BigInt(at), data);
      await disk.close();
    },
    async () => {
      const handle = await open(plain, "wx");
      for (let at = 0; at < SIZE; at += MIB) await handle.write(data, 0, MIB, at);
      await handle.datasync();
      await handle.close();
    },
    async () => {
      await rm(vhdx, { force: true });
      await rm(plain, { force: true });
    },
  );
  // The last round left one of the two only.
  await rm(vhdx, { force: true });
  await rm(plain, { force: true });
  await createVhdx(vhdx, { type: "dynamic", size: BigInt(SIZE), virtualDiskId: randomGuid() });
  const filled = await WritableDisk.open(vhdx);
  const handle = await open(plain, "wx+");
  for (let at = 0; at < SIZE; at += MIB) {
    await filled.write(BigInt(at), data);
    await handle.write(data, 0, MIB, at);
  }
  await filled.close();
  await handle.datasync();
  const disk = await ReadableDisk.open(vhdx);
  const buffer = Buffer.alloc(MIB);
  const read = await compare(
    "read 1 GiB in order, against a plain file",
    0.8,
    9,
    async () => {
      for (let at = 0; at < SIZE; at += MIB) await disk.read(BigInt(at), buffer);
    },
    async () => {
      for (let at = 0; at < SIZE; at += MIB) await handle.read(buffer, 0, MIB, at);
    },
  );
  const places = Array.from({ length: RANDOM_READS }, () => Math.floor(Math.random() * (SIZE / 4096)) * 4096);
  const page = Buffer.alloc(4096);
  const random = await compare(
    "read 4 KiB at random places, against a plain file",
    0.6,
    9,
    async () => {
      for (const at of places) await disk.read(BigInt(at), page);
    },
    async () => {
      for (const at of places) await handle.read(page, 0, 4096, at);
    },
  );
  await disk.close();
  await handle.close();
  await rm(vhdx);
  await rm(plain);
  return [write, read, random];
}
