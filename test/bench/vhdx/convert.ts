import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { convertDisk } from "../../../src/vhdx/index.ts";
import { compare, type Ratio } from "./ratio.ts";

const MIB = 1 << 20;
const SIZE = 4096 * MIB;

/** Raw to dynamic and back on 4 GiB, both sides durable at the end. */
export async function benchConvert(directory: string): Promise<Ratio[]> {
  const raw = join(directory, "mixed.raw");
  const dynamic = join(directory, "mixed.vhdx");
  await writeMixedData(raw);
  await convertDisk(raw, dynamic, { from: "raw", to: "dynamic" });
  const toDynamic = await compareConversion(directory, raw, "raw", "vhdx");
  const toRaw = await compareConversion(directory, dynamic, "vhdx", "raw");
  await rm(raw);
  await rm(dynamic);
  return [toDynamic, toRaw];
}

async function compareConversion(
  directory: string,
  source: string,
  from: "raw" | "vhdx",
  to: "raw" | "vhdx",
): Promise<Ratio> {
  const [ours, theirs] = [join(directory, "ours"), join(directory, "theirs")];
  const clear = async () => {
    for (const path of [ours, theirs]) await rm(path, { force: true });
    await execa("sync", ["-f", directory]);
  };
  const ratio = await compare(
    `convert 4 GiB ${from} to ${to}, against qemu-img convert`,
    1,
    5,
    () => convertDisk(source, ours, { from, to: to === "raw" ? "raw" : "dynamic" }),
    async () => {
      await execa("qemu-img", ["convert", "-t", "writeback", "-f", from, "-O", to, source, theirs]);
      const handle = await open(theirs, "r");
      await handle.datasync();
      await handle.close();
    },
    clear,
  );
  await clear();
  return ratio;
}

/** By turns 16 MiB of data and as much of holes, and now and then a stretch of small pieces of both. */
async function writeMixedData(path: string): Promise<void> {
  const handle = await open(path, "wx");
  await handle.truncate(SIZE);
  const data = randomBytes(MIB);
  for (let at = 0; at < SIZE; at += MIB) {
    const stretch = Math.floor(at / MIB / 16) % 4;
    data.writeUInt32LE(at / MIB, 0);
    if (stretch === 0 || stretch === 2) await handle.write(data, 0, MIB, at);
    if (stretch === 3) {
      for (let piece = at; piece < at + MIB; piece += 128 << 10) await handle.write(data, 0, 64 << 10, piece);
    }
  }
  await handle.datasync();
  await handle.close();
}
