import { MiB } from "../../../src/kit/sizes.ts";
import { BLOCK, flush, newChild, newDisk, prepared, wholeOf, write } from "../support/crash/disks.ts";
import { session, type Step } from "../support/crash/session.ts";
import { crashAndPrint, printTotal } from "../support/crash/tally.ts";

/** What a user does to a disk of three blocks, of which the first holds data. */
const sessions: Readonly<Record<string, () => Step[]>> = {
  "write into a new block": () => [write(BLOCK, BLOCK)],
  "write a part of a new block": () => [write(BLOCK + 8192, 12288)],
  "unaligned write into a new block": () => [write(BLOCK + 777, 3001)],
  overwrite: () => [write(4096, 8192)],
  "unaligned overwrite": () => [write(1234, 2000)],
  "write across two blocks": () => [write(BLOCK - 5000, 9000)],
  "two new blocks with a flush between": () => [write(BLOCK, 4096), flush, write(2 * BLOCK, 4096)],
  "four flushes": () => [
    ...[write(BLOCK, 512), flush, write(0, 1024), write(2 * BLOCK, 512), flush],
    ...[{ kind: "trim", offset: 0, length: BLOCK } as const, flush, write(100, 900), flush],
  ],
  "zero a block": () => [{ kind: "zero", offset: 0, length: BLOCK }],
  "zero a part": () => [{ kind: "zero", offset: 3000, length: 10000 }],
  "trim, flush and write elsewhere": () => [
    ...[{ kind: "trim", offset: 0, length: BLOCK } as const, flush, write(BLOCK, 4096), flush],
  ],
  "trim and write again": () => [{ kind: "trim", offset: 0, length: BLOCK }, write(512, 4096), flush],
};

/** Blocks of 256 MiB: 16 to a chunk, each with 16 sectors of bitmap. */
const LARGE = 256 << 20;
const CHUNK = 16 * LARGE;

/** The first 4 KiB of some places of a disk. */
function around(places: readonly number[]): [bigint, bigint][] {
  return places.map((place) => [BigInt(place) - 4096n, BigInt(place) + 4096n]);
}

describe("vhdx crash in a session", function () {
  this.timeout(900_000);
  after(printTotal);
  for (const logicalSectorSize of [512, 4096] as const) {
    for (const type of ["dynamic", "fixed"] as const) {
      for (const [name, steps] of Object.entries(sessions)) {
        it(`${name}, ${type}, sectors of ${logicalSectorSize}`, async () => {
          const file = await prepared(await newDisk({ type, logicalSectorSize }), [write(0, 65536)]);
          const full = `${name}, ${type} ${logicalSectorSize}`;
          await crashAndPrint(session(full, file, wholeOf(3n * MiB), steps()));
        });
      }
    }

    for (const [name, steps] of Object.entries(sessions)) {
      for (const isFresh of [true, false]) {
        const full = `${name}, ${isFresh ? "new child" : "child"} ${logicalSectorSize}`;
        it(full, async () => {
          const parent = await prepared(await newDisk({ logicalSectorSize }), [
            write(0, 65536),
            write(BLOCK, BLOCK),
          ]);
          const { file, view } = await newChild(parent, [[0n, 3n * MiB]], { logicalSectorSize });
          // The part of its first block that it has covers some of what is written later.
          if (!isFresh) await prepared(file, [write(4096, 4096), write(BLOCK + 8192, 4096)], view);
          await crashAndPrint(session(full, file, view, steps()));
        });
      }
    }
  }

  it("two sector bitmaps at once", async () => {
    const size = BigInt(CHUNK + LARGE);
    const options = { size, blockSize: LARGE } as const;
    const parent = await prepared(await newDisk(options), [write(CHUNK - 4096, 8192)]);
    const { file, view } = await newChild(parent, around([CHUNK]), options);
    await crashAndPrint(session("write across two chunks, child", file, view, [write(CHUNK - 700, 1400)]));
  });

  it("more changes than one log entry takes", async () => {
    const places = Array.from({ length: 8 }, (_, block) => block * LARGE + 4096);
    const options = { size: BigInt(8 * LARGE), blockSize: LARGE } as const;
    const parent = await newDisk(options);
    const { file, view } = await newChild(parent, around(places), options);
    const steps = places.map((place) => write(place, 512));
    await crashAndPrint(session("commit by itself, child", file, view, steps));
  });
});
