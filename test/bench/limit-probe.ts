/**
 * What the machine itself allows, with nothing of the product around it but the bytes of a disk. A process of its
 * own: limit-probe.ts create|stage DIRECTORY COUNT CONCURRENCY, prints a Timing as JSON.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { createVhdx, newVhdxImage } from "../../src/vhdx/index.ts";
import { timed, type Timing } from "./statistics.ts";

const GiB = 1024n ** 3n;
const disk = { type: "fixed", size: GiB, maximumSize: 2048n * GiB } as const;

/** One VHDX + fdatasync + rename + directory fsync. */
async function probeCreate(directory: string, count: number, concurrency: number): Promise<Timing> {
  const handle = await open(directory, "r");
  try {
    return await timed(count, concurrency, async () => {
      const id = randomUUID();
      const temporary = join(directory, `${id}.tmp`);
      const { body, headers, size } = newVhdxImage({ ...disk, virtualDiskId: id });
      const file = await open(temporary, "wx");
      await file.truncate(Number(size));
      for (const { offset, bytes } of [...body, ...headers])
        await file.write(bytes, 0, bytes.length, Number(offset));
      await file.datasync();
      await file.close();
      await rename(temporary, join(directory, `${id}.vhdx`));
      await handle.sync();
    });
  } finally {
    await handle.close();
  }
}

/** Loop attach + mkfs + mount by hand; the disk is there before. */
async function probeStage(directory: string, count: number, concurrency: number): Promise<Timing> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const offsets = await Promise.all(
    ids.map(
      async (id) =>
        (await createVhdx(join(directory, id), { ...disk, virtualDiskId: id })).payloadOffset ?? 0n,
    ),
  );
  const devices: string[] = [];
  try {
    return await timed(count, concurrency, async (index) => {
      const id = ids[index] ?? "";
      const { stdout: device } = await execa("losetup", [
        ...["--find", "--show", "--offset", String(offsets[index])],
        join(directory, id),
      ]);
      devices.push(device);
      await execa("mkfs.ext4", ["-q", "-F", "-m", "0", device]);
      await mkdir(join(directory, `${id}.mnt`));
      await execa("mount", ["-t", "ext4", device, join(directory, `${id}.mnt`)]);
    });
  } finally {
    for (const id of ids) await execa("umount", [join(directory, `${id}.mnt`)], { reject: false });
    for (const device of devices) await execa("losetup", ["--detach", device], { reject: false });
  }
}

const [mode, directory = "", count, concurrency] = process.argv.slice(2);
await mkdir(directory, { recursive: true });
try {
  const probe = mode === "stage" ? probeStage : probeCreate;
  process.stdout.write(JSON.stringify(await probe(directory, Number(count), Number(concurrency))));
} finally {
  await rm(directory, { recursive: true, force: true });
}
