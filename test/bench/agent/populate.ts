import { randomUUID } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { layoutFor } from "../../../src/agent/engine/volumes/volume-size.ts";
import { GiB } from "../../../src/kit/sizes.ts";
import { newVhdxImage } from "../../../src/vhdx/index.ts";

/** Fills a pool's directory with volumes of 10 GiB, without the flushes that make a real create safe. */
export function populate(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true });
  const layout = layoutFor({ required: 10n * GiB, limit: undefined });
  for (let index = 0; index < count; index++) {
    const id = randomUUID();
    const { size, body, headers } = newVhdxImage({ type: "fixed", virtualDiskId: id, ...layout });
    const file = openSync(join(directory, `pvc-${randomUUID()};${id}.vhdx`), "wx");
    ftruncateSync(file, Number(size));
    for (const pieces of [body, headers]) {
      for (const { offset, bytes } of pieces) writeSync(file, bytes, 0, bytes.length, Number(offset));
    }
    closeSync(file);
    if (index % 10_000 === 9999) process.stderr.write(`${index + 1} of ${count} volumes made\n`);
  }
}
