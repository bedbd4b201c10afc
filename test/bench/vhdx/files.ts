import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { GiB, TiB } from "../../../src/kit/sizes.ts";
import { createVhdx, inspectVhdx } from "../../../src/vhdx/index.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { median, timed } from "../statistics.ts";
import { compare, type Ratio } from "./ratio.ts";

/** A 1 TiB dynamic disk, durable, against a qemu-img process. */
export async function benchCreate(directory: string): Promise<Ratio> {
  const [ours, theirs] = [join(directory, "ours.vhdx"), join(directory, "theirs.vhdx")];
  const ratio = await compare(
    "create a dynamic disk of 1 TiB, against a qemu-img process",
    5,
    15,
    async () => {
      await createVhdx(ours, { type: "dynamic", size: TiB, virtualDiskId: randomGuid() });
    },
    async () => {
      await execa("qemu-img", ["create", "-q", "-f", "vhdx", theirs, "1T"]);
    },
    () => removeAll(ours, theirs),
  );
  await removeAll(ours, theirs);
  return ratio;
}

/** Files a second, of 3,000 dynamic and fixed disks, several at once. */
export async function benchInspect(directory: string): Promise<number> {
  const pool = join(directory, "pool");
  await mkdir(pool);
  const place = (index: number) => join(pool, `${index}.vhdx`);
  const count = 3000;
  await timed(count, 32, async (index) => {
    const type = index % 2 === 0 ? "fixed" : "dynamic";
    await createVhdx(place(index), { type, size: 10n * GiB, virtualDiskId: randomGuid() });
  });
  const rates: number[] = [];
  for (let round = 0; round < 5; round++) {
    const { perSecond } = await timed(count, 16, async (index) => {
      await inspectVhdx(place(index));
    });
    rates.push(perSecond);
  }
  await rm(pool, { recursive: true });
  return median(rates);
}

async function removeAll(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}
