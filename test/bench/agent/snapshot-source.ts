import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { listLoopDevices } from "../../../src/kit/loop-devices.ts";
import { run } from "../../../src/kit/run.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { inspectVhdx } from "../../../src/vhdx/index.ts";
import { interrupted } from "../cleanup.ts";
import { call, type ServedPool } from "./served-pool.ts";

/** What a volume holds: bytes that are allocated, in so many extents. */
export interface Shape {
  readonly allocated: bigint;
  readonly extents: number;
}

/** A volume that snapshots are taken of. */
export interface SnapshotSource {
  /** As its file system counts them. */
  readonly extents: number;
  attach(): Promise<void>;
  detach(): Promise<void>;
  /** Brings everything to the disk. */
  settle(): Promise<void>;
  /** Writes to the attached volume without a flush. */
  write(bytes: bigint): Promise<void>;
  /** Takes a snapshot, and deletes it. How long the first took, milliseconds. */
  snapshot(): Promise<number>;
}

/** Gives `use` a new volume of a shape, which is deleted afterwards, with its space. */
export async function withSource(
  { client }: ServedPool,
  vmId: string,
  shape: Shape,
  use: (source: SnapshotSource) => Promise<void>,
): Promise<void> {
  const { id } = await client.createVolume(randomUUID(), { size: 2n * shape.allocated }, call());
  const page = await client.listVolumes(0, "", call());
  const path = page.volumes.find(({ DiskIdentifier }) => DiskIdentifier === id)?.Path ?? "";
  await fill(path, shape);
  const extents = await countExtents(path);
  await use({
    extents,
    attach: async () => {
      await client.attach(vmId, id, false, call());
    },
    detach: () => client.detach(vmId, id, call()),
    settle: () => settle(path),
    write: (bytes) => writeTo(deviceOf(id), bytes),
    snapshot: async () => {
      const started = performance.now();
      const snapshot = await client.createSnapshot(randomUUID(), id, {}, call());
      const took = performance.now() - started;
      await client.deleteSnapshot(snapshot.id, call());
      return took;
    },
  });
  await client.detach(vmId, id, call());
  await client.deleteVolume(id, call());
  await settle("/");
}

/** Writes a disk's payload in so many pieces, with holes between them: what is only reserved is not cloned. */
async function fill(path: string, { allocated, extents }: Shape): Promise<void> {
  const { payloadOffset = 0n } = await inspectVhdx(path);
  const length = Number(allocated / BigInt(extents) / 4096n) * 4096;
  const piece = Buffer.alloc(Math.min(length, Number(4n * MiB)), 0xa5);
  const file = await open(path, "r+");
  try {
    for (let extent = 0; extent < extents; extent++) {
      interrupted.throwIfAborted();
      const begin = Number(payloadOffset) + 2 * length * extent;
      for (let at = 0; at < length; at += piece.length)
        await file.write(piece, 0, Math.min(piece.length, length - at), begin + at);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function countExtents(path: string): Promise<number> {
  // The number that it tells by itself counts extents as one that lie side by side on the disk.
  const told = await run("filefrag", ["-v", path]);
  return told.split("\n").filter((line) => /^\s*\d+:/.test(line)).length;
}

async function settle(path: string): Promise<void> {
  await run("sync", ["--file-system", path]);
}

function deviceOf(volumeId: string): string {
  const loop = listLoopDevices().find(({ backingFile }) => backingFile.endsWith(`/${volumeId}.vhdx`));
  if (loop === undefined) throw new Error(`volume ${volumeId} has no loop device`);
  return loop.device;
}

async function writeTo(device: string, bytes: bigint): Promise<void> {
  const piece = Buffer.alloc(Number(MiB), 1);
  const file = await open(device, "r+");
  try {
    for (let at = 0; at < Number(bytes); at += piece.length) await file.write(piece, 0, piece.length, at);
  } finally {
    await file.close();
  }
}
