/**
 * What the machine itself allows, with nothing of the product around it but the bytes of a disk. A process of its
 * own: limit-probe.ts create|life DIRECTORY COUNT CONCURRENCY, prints a Timing as JSON.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { newVhdxImage } from "../../../src/vhdx/index.ts";
import { timed, type Timing } from "../statistics.ts";

const MiB = 1024n ** 2n;
/** What the product makes, too. */
const sizes = { create: 32n * MiB, life: 1024n * MiB };
const kind = { type: "fixed", maximumSize: 2n * MiB * MiB } as const;
const run = promisify(execFile);

/** One VHDX + fdatasync + rename + directory fsync. Returns its path and where its payload begins. */
async function createDisk(
  directory: string,
  diskSize: bigint,
): Promise<{ path: string; payloadOffset: bigint }> {
  const id = randomUUID();
  const temporary = join(directory, `${id}.tmp`);
  const { body, headers, size } = newVhdxImage({ ...kind, size: diskSize, virtualDiskId: id });
  const file = await open(temporary, "wx");
  await file.truncate(Number(size));
  for (const { offset, bytes } of [...body, ...headers])
    await file.write(bytes, 0, bytes.length, Number(offset));
  await file.datasync();
  await file.close();
  const path = join(directory, `${id}.vhdx`);
  await rename(temporary, path);
  const handle = await open(directory, "r");
  await handle.sync();
  await handle.close();
  // The file ends with the payload.
  return { path, payloadOffset: size - diskSize };
}

/** The whole life of a disk by hand: create, loop attach, mkfs, mount, bind, and all of it back. */
async function live(directory: string): Promise<void> {
  const { path, payloadOffset } = await createDisk(directory, sizes.life);
  const [staging, target] = [`${path}.mnt`, `${path}.pod`];
  const attach = ["--find", "--show", "--offset", String(payloadOffset), path];
  const device = (await run("losetup", attach)).stdout.trim();
  try {
    await run("mkfs.ext4", ["-q", "-F", "-m", "0", device]);
    await mkdir(staging);
    await run("mount", ["-t", "ext4", device, staging]);
    await mkdir(target);
    await run("mount", ["--bind", staging, target]);
    await run("umount", [target]);
    await run("umount", [staging]);
  } finally {
    await run("losetup", ["--detach", device]);
  }
  await rm(path);
}

const [mode, directory = "", count, concurrency] = process.argv.slice(2);
await mkdir(directory, { recursive: true });
try {
  const timing: Timing = await timed(Number(count), Number(concurrency), async () => {
    if (mode === "life") await live(directory);
    else await createDisk(directory, sizes.create);
  });
  process.stdout.write(JSON.stringify(timing));
} finally {
  await rm(directory, { recursive: true, force: true });
}
