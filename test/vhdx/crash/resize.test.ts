import { GiB, MiB } from "../../../src/kit/sizes.ts";
import { readImage } from "../../../src/vhdx/image/image.ts";
import { renewWriteGuidsIn } from "../../../src/vhdx/image/write-guids.ts";
import { growFixedIn } from "../../../src/vhdx/operations/grow.ts";
import { resizeIn } from "../../../src/vhdx/operations/resize.ts";
import type { WritableFile } from "../../../src/vhdx/storage/file.ts";
import { NAME, type View } from "../support/crash/content.ts";
import { BLOCK, newChild, newDisk, prepared, wholeOf, write } from "../support/crash/disks.ts";
import { atomic } from "../support/crash/scenario.ts";
import { crashAndPrint, printTotal } from "../support/crash/tally.ts";

/** Changes of a whole disk: of a disk with data in its first block and at its end. */
interface Case {
  readonly options: Parameters<typeof newDisk>[0];
  readonly size: bigint;
  readonly change: (file: WritableFile) => Promise<void>;
  /** Where zeros were written that have a block nevertheless. */
  readonly zeros?: number;
}

const resizeTo = (size: bigint) => (file: WritableFile) => resizeIn(file, NAME, size);

const cases: Readonly<Record<string, Case>> = {
  "grow a dynamic disk": { options: {}, size: 3n * MiB, change: resizeTo(5n * MiB) },
  "grow a dynamic disk of 4096 byte sectors": {
    ...{ options: { logicalSectorSize: 4096 }, size: 3n * MiB, change: resizeTo(5n * MiB) },
  },
  "grow a dynamic disk inside its last block": {
    ...{ options: {}, size: (5n * MiB) / 2n, change: resizeTo(3n * MiB) },
  },
  "grow a dynamic disk, table moves": { options: {}, size: 3n * MiB, change: resizeTo(130n * GiB) },
  "grow a fixed disk": { options: { type: "fixed" }, size: 3n * MiB, change: resizeTo(5n * MiB) },
  "grow a fixed disk in place": {
    options: { type: "fixed", maximumSize: GiB },
    size: 3n * MiB,
    change: (file) => growFixedIn(file, 5n * MiB),
  },
  "grow a fixed disk in place over a chunk": {
    options: { type: "fixed", maximumSize: 64n * GiB, blockSize: 1 << 20 },
    size: 3n * MiB,
    change: (file) => growFixedIn(file, 4100n * MiB),
  },
  "grow a dynamic disk over a chunk": {
    options: { maximumSize: 64n * GiB },
    size: 3n * MiB,
    change: resizeTo(4100n * MiB),
  },
  "shrink a dynamic disk": { options: {}, size: 5n * MiB, change: resizeTo(3n * MiB) },
  "shrink a fixed disk": { options: { type: "fixed" }, size: 5n * MiB, change: resizeTo(3n * MiB) },
  "shrink a disk inside a block": { options: {}, size: 3n * MiB, change: resizeTo((5n * MiB) / 2n) },
  "shrink away blocks that hold zeros": {
    ...{ options: {}, size: 5n * MiB, change: resizeTo(3n * MiB), zeros: 4 * BLOCK },
  },
  "renew the write GUIDs": { options: { type: "fixed" }, size: 3n * MiB, change: renewWriteGuidsIn },
};

/** The data, and ends of what is old and new. */
function viewOf(size: bigint, newSize: bigint): View {
  if (newSize <= 6n * MiB) return wholeOf(6n * MiB);
  return {
    options: {},
    ranges: [
      [0n, size + MiB],
      [newSize - MiB, newSize],
    ],
  };
}

describe("vhdx crash while a disk as a whole is changed", function () {
  this.timeout(900_000);
  after(printTotal);
  for (const [name, { options, size, change, zeros }] of Object.entries(cases)) {
    it(name, async () => {
      const file = await prepared(await newDisk({ size, ...options }), [
        write(0, BLOCK),
        write(2 * BLOCK, 4096),
      ]);
      if (zeros !== undefined)
        await prepared(file, [{ kind: "write", offset: zeros, data: Buffer.alloc(4096) }]);
      const changed = file.copy();
      await change(changed);
      const { disk } = await readImage(changed);
      await crashAndPrint(atomic(name, file, viewOf(size, disk.virtualSize), change));
    });
  }

  for (const [name, size, newSize] of [
    ["grow a child", 3n * MiB, 5n * MiB],
    ["grow a child over a chunk", 3n * MiB, 4100n * MiB],
    ["shrink a child", 5n * MiB, 3n * MiB],
  ] as const) {
    it(name, async () => {
      const parent = await prepared(await newDisk(), [write(0, BLOCK), write(2 * BLOCK, 4096)]);
      const { file, view } = await newChild(parent, viewOf(size, newSize).ranges, { size });
      await prepared(file, [write(4096, 4096)], view);
      const change = (target: WritableFile) => resizeIn(target, NAME, newSize, view.options);
      await crashAndPrint(atomic(name, file, view, change));
    });
  }
});
