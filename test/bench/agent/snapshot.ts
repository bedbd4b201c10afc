import { randomUUID } from "node:crypto";
import { mkdir, open, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openEngine } from "../../../src/agent/engine/open-engine.ts";
import type { Engine } from "../../../src/agent/engine/engine.ts";
import { knownPools } from "../../../src/agent/engine/pool/known-pools.ts";
import { defaultEngineSettings } from "../../../src/agent/engine/settings.ts";
import { localHost } from "../../../src/agent/hosts/local/local-host.ts";
import { declaredVm } from "../../../src/agent/hosts/local/vms.ts";
import { silentLog } from "../../../src/kit/log.ts";
import { listLoopDevices } from "../../../src/kit/loop-devices.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { run } from "../../../src/kit/run.ts";
import { GiB, MiB } from "../../../src/kit/sizes.ts";
import { inspectVhdx } from "../../../src/vhdx/index.ts";
import { median } from "../statistics.ts";

const ROUNDS = 5;

interface Case {
  readonly what: string;
  /** Bytes of the volume that are allocated, in so many extents. */
  readonly allocated: bigint;
  readonly extents: number;
  /** Bytes written to the device, and not flushed, right before. */
  readonly dirty: number;
}

const cases: readonly Case[] = [
  { what: "1 GiB in 100 extents", allocated: GiB, extents: 100, dirty: 0 },
  { what: "4 GiB in 100 extents", allocated: 4n * GiB, extents: 100, dirty: 0 },
  { what: "10 GiB in 100 extents", allocated: 10n * GiB, extents: 100, dirty: 0 },
  { what: "10 GiB in 1,000 extents", allocated: 10n * GiB, extents: 1000, dirty: 0 },
  { what: "10 GiB in 10,000 extents", allocated: 10n * GiB, extents: 10_000, dirty: 0 },
  { what: "1 GiB, 64 MiB not flushed", allocated: GiB, extents: 100, dirty: 64 },
  { what: "1 GiB, 256 MiB not flushed", allocated: GiB, extents: 100, dirty: 256 },
];

/** How long a snapshot takes on a file system that shares blocks, by size, extents and what is not flushed. */
export async function benchSnapshots(directory: string): Promise<unknown> {
  const image = join(directory, "xfs.img");
  const pool = join(directory, "pool");
  await mkdir(pool, { recursive: true });
  await writeFile(image, "");
  await truncate(image, 64 * 1024 ** 3);
  await run("mkfs.xfs", ["-q", "-m", "reflink=1", image]);
  await run("mount", ["-o", "loop", image, pool]);
  try {
    return await measure(pool);
  } finally {
    await run("umount", [pool]);
  }
}

async function measure(pool: string): Promise<unknown> {
  const vm = declaredVm(randomUUID(), "bench");
  const { engine, close } = await openEngine(
    {
      pools: [{ name: "default", directory: pool }],
      groups: ["bench"],
      owner: "a bench",
      known: knownPools(),
    },
    localHost([vm]),
    { ...defaultEngineSettings, overcommit: 100 },
    createMetrics(),
    silentLog(),
  );
  const context = () => ({ signal: AbortSignal.timeout(120_000), requestId: randomUUID() });
  const rows: { what: string; ms: number }[] = [];
  try {
    for (const each of cases) {
      const ms = await snapshotTimes(engine, each, vm.id, context);
      rows.push({ what: each.what, ms: median(ms) });
      process.stdout.write(`${each.what.padEnd(32)} ${median(ms).toFixed(1).padStart(8)} ms\n`);
    }
  } finally {
    await close();
  }
  process.stdout.write("goal: a flushed volume of 10 GiB in 1,000 extents in 100 ms\n");
  return rows;
}

async function snapshotTimes(
  engine: Engine,
  { allocated, extents, dirty }: Case,
  vmId: string,
  context: () => { signal: AbortSignal; requestId: string },
): Promise<number[]> {
  const name = randomUUID();
  const size = { required: 2n * allocated, limit: undefined };
  const volume = await engine.createVolume(
    { name, size, pool: undefined, type: undefined, source: undefined, labels: {}, attributes: {} },
    context(),
  );
  await allocate(volume.path, allocated, extents);
  const { address } = await engine.attach(vmId, volume.id, false, undefined, context());
  const device =
    listLoopDevices().find(({ backingFile }) => backingFile === address.backingFile)?.device ?? "";
  const times: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await run("sync", ["--file-system", volume.path]);
      if (dirty > 0) await writeTo(device, dirty);
      const started = performance.now();
      const wanted = { name: randomUUID(), sourceVolumeId: volume.id, labels: {} };
      const { id } = await engine.createSnapshot(wanted, context());
      times.push(performance.now() - started);
      await engine.deleteSnapshot(id, context());
    }
  } finally {
    await engine.detach(vmId, volume.id, context());
    await engine.deleteVolume(volume.id, context());
  }
  return times;
}

/** Gives a disk's payload so many extents, with holes between them. */
async function allocate(path: string, bytes: bigint, extents: number): Promise<void> {
  const { payloadOffset = 0n } = await inspectVhdx(path);
  const length = (bytes / BigInt(extents) / 4096n) * 4096n;
  for (let index = 0; index < extents; index++) {
    const offset = payloadOffset + 2n * length * BigInt(index);
    await run("fallocate", ["--keep-size", "--offset", String(offset), "--length", String(length), path]);
  }
}

async function writeTo(device: string, mebibytes: number): Promise<void> {
  const file = await open(device, "r+");
  try {
    const piece = Buffer.alloc(Number(MiB), 1);
    for (let index = 0; index < mebibytes; index++)
      await file.write(piece, 0, piece.length, index * piece.length);
  } finally {
    await file.close();
  }
}
