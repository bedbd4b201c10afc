import { MiB } from "../../../src/kit/sizes.ts";
import { compactIn } from "../../../src/vhdx/operations/compact.ts";
import { BLOCK, newChild, newDisk, prepared, wholeOf, write } from "../support/crash/disks.ts";
import { atomic } from "../support/crash/scenario.ts";
import type { Step } from "../support/crash/session.ts";
import { crashAndPrint, printTotal } from "../support/crash/tally.ts";

const SIZE = 6n * MiB;
const BLOCKS = Number(SIZE) / BLOCK;

/** Blocks lie in the file from the last one down: two hold zeros only, in place of another one there is nothing. */
function backwards(): Step[] {
  const blocks = Array.from({ length: BLOCKS }, (_, index) => BLOCKS - 1 - index);
  const writes = blocks.map((block): Step =>
    block === 5 || block === 2
      ? { kind: "write", offset: block * BLOCK, data: Buffer.alloc(4096) }
      : write(block * BLOCK + 4096, 12288),
  );
  return [...writes, { kind: "trim", offset: 4 * BLOCK, length: BLOCK }];
}

describe("vhdx crash while a file is compacted", function () {
  this.timeout(900_000);
  after(printTotal);
  for (const type of ["dynamic", "fixed"] as const) {
    for (const logicalSectorSize of [512, 4096] as const) {
      it(`${type}, sectors of ${logicalSectorSize}`, async () => {
        const file = await prepared(await newDisk({ type, size: SIZE, logicalSectorSize }), backwards());
        const name = `compact, ${type} ${logicalSectorSize}`;
        await crashAndPrint(atomic(name, file, wholeOf(SIZE), (target) => compactIn(target)));
      });
    }
  }

  it("differencing", async () => {
    const parent = await prepared(await newDisk({ size: SIZE }), [write(0, 65536), write(5 * BLOCK, BLOCK)]);
    const { file, view } = await newChild(parent, [[0n, SIZE]], { size: SIZE });
    await prepared(file, [...backwards(), write(3 * BLOCK, BLOCK)], view);
    await crashAndPrint(atomic("compact, child", file, view, (target) => compactIn(target)));
  });
});
