import { randomUUID } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { creatorText } from "../../../src/agent/engine/creator.ts";
import type { Volume } from "../../../src/agent/engine/model.ts";
import { PoolLayout } from "../../../src/agent/engine/pool/layout.ts";
import { volumeRecord } from "../../../src/agent/engine/records/entries.ts";
import { formatRecord } from "../../../src/agent/engine/records/record.ts";
import { layoutFor } from "../../../src/agent/engine/volumes/volume-size.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { newVhdxImage } from "../../../src/vhdx/index.ts";
import { interrupted } from "../cleanup.ts";

/** Sizes in bytes by volume id. */
export type Sizes = Map<string, bigint>;

/** Small, since the agent promises no byte twice; several, so that one that is mixed up shows. */
const SIZES = [8n * MiB, 10n * MiB, 12n * MiB, 14n * MiB, 16n * MiB];

/**
 * Fills a new pool with volumes that each have a record, as the engine writes them, but without the flushes that
 * make a real create safe. They are sparse files.
 */
export async function populate(pool: string, count: number): Promise<Sizes> {
  mkdirSync(pool, { recursive: true });
  const layout = new PoolLayout(pool);
  const sizes: Sizes = new Map();
  for (let index = 0; index < count; index++) {
    const volume = newVolume(layout, index);
    writeDisk(volume);
    writeFileSync(layout.record(volume.name, volume.id), formatRecord(volumeRecord(volume)));
    sizes.set(volume.id, volume.size);
    if (index % 1000 !== 999) continue;
    await setImmediate();
    interrupted.throwIfAborted();
    if (index % 20_000 === 19_999) process.stderr.write(`${index + 1} of ${count} volumes made\n`);
  }
  return sizes;
}

function newVolume(layout: PoolLayout, index: number): Volume {
  const id = randomUUID();
  const name = `pvc-${randomUUID()}`;
  return {
    id,
    name,
    pool: "default",
    size: SIZES[index % SIZES.length] ?? 0n,
    type: "fixed",
    path: layout.disk(name, id),
    createdAt: Date.now(),
    lineage: id,
    labels: { claim: `data-${index}`, namespace: `team-${index % 100}` },
    attributes: {},
    source: undefined,
    mountPoints: {},
    fault: undefined,
  };
}

function writeDisk({ id, path, size: required, createdAt }: Volume): void {
  const layout = layoutFor({ required, limit: undefined });
  const creator = creatorText(createdAt);
  const { size, body, headers } = newVhdxImage({ type: "fixed", virtualDiskId: id, creator, ...layout });
  const file = openSync(path, "wx", 0o600);
  try {
    ftruncateSync(file, Number(size));
    for (const { offset, bytes } of [...body, ...headers]) {
      writeSync(file, bytes, 0, bytes.length, Number(offset));
    }
  } finally {
    closeSync(file);
  }
}
