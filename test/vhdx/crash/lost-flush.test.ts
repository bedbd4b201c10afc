import { expect } from "chai";
import { GiB, MiB } from "../../../src/kit/sizes.ts";
import { resizeIn } from "../../../src/vhdx/operations/resize.ts";
import { NAME } from "../support/crash/content.ts";
import { BLOCK, flush, newDisk, prepared, wholeOf, write } from "../support/crash/disks.ts";
import { isNoticed, noticedFlushes } from "../support/crash/lost-flush.ts";
import { atomic, type Scenario } from "../support/crash/scenario.ts";
import { session } from "../support/crash/session.ts";

/**
 * That the crash tests can fail: without a flush that the order of writes depends on, they do. Each list names those
 * flushes, counted from 0. Not in it are those that only part the two writes of a header, whose sectors are whole or
 * lost, and where a later flush serves the same end.
 */
async function expectNoticed(scenario: Scenario, expected: readonly number[]): Promise<void> {
  const { noticed, flushes } = await noticedFlushes(scenario);
  console.log(`      ${scenario.name}: noticed without flush ${noticed.join(", ")} of ${flushes}`);
  expect(noticed).to.deep.equal(expected);
}

describe("vhdx crash tests notice a lost flush", function () {
  this.timeout(900_000);
  it("of a session that gives two blocks their place", async () => {
    const file = await prepared(await newDisk(), [write(0, 4096)]);
    const steps = [write(BLOCK, 512), flush, write(2 * BLOCK, 512), flush];
    const scenario = session("two new blocks", file, wholeOf(3n * MiB), steps);
    // The log's first entry, the header that names it, what the second entry refers to, that entry.
    await expectNoticed(scenario, [1, 2, 3, 4]);
    // Closing flushes what the entries changed, then declares the log empty: there two flushes follow one another.
    expect(await isNoticed(scenario, [5, 6])).to.equal(true);
  });

  it("of a session that overwrites", async () => {
    const file = await prepared(await newDisk(), [write(0, 4096)]);
    // The new DataWriteGuid, and the data when the user asks for it.
    await expectNoticed(session("overwrite", file, wholeOf(3n * MiB), [write(0, 512), flush]), [0]);
  });

  it("of a disk that grows and whose table moves", async () => {
    const file = await prepared(await newDisk(), [write(0, 4096)]);
    const view = { options: {}, ranges: [[0n, 4n * MiB]] } as const;
    const grow = atomic("grow", file, view, (target) => resizeIn(target, NAME, 130n * GiB));
    // The log's entry with the new table, the header that names it, what it changed.
    await expectNoticed(grow, [1, 2, 3]);
  });

  it("of a disk that shrinks", async () => {
    const file = await prepared(await newDisk({ size: 5n * MiB }), [
      write(0, 4096),
      { kind: "write", offset: 4 * BLOCK, data: Buffer.alloc(4096) },
    ]);
    const shrink = atomic("shrink", file, wholeOf(5n * MiB), (target) => resizeIn(target, NAME, 3n * MiB));
    // The log's entry; the size is in one sector, whole or lost.
    await expectNoticed(shrink, [1]);
  });
});
