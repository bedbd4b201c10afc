import { expect } from "chai";
import fc from "fast-check";
import { GiB, MiB, TiB } from "../../../src/kit/sizes.ts";
import {
  blockState,
  chunkRatio,
  entryCount,
  payloadCount,
  payloadIndex,
  tableView,
  writeEntry,
} from "../../../src/vhdx/format/block-table.ts";
import type { DiskParameters } from "../../../src/vhdx/format/disk-parameters.ts";
import {
  contiguousEntries,
  emptyEntries,
  findContiguousPayload,
  payloadEnd,
  type TablePiece,
} from "../../../src/vhdx/image/fixed-table.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { regionIds } from "../../../src/vhdx/format/region-table.ts";
import { MemoryFile } from "../support/memory-file.ts";

const disk = (changes: Partial<DiskParameters> = {}): DiskParameters => ({
  blockSize: 256 << 20,
  leaveBlocksAllocated: true,
  hasParent: false,
  virtualSize: 16n * GiB,
  logicalSectorSize: 512,
  physicalSectorSize: 4096,
  virtualDiskId: randomGuid(),
  ...changes,
});

const region = { id: regionIds.blockTable, offset: 3n * MiB, length: 8 << 20, required: true };

function put(file: MemoryFile, pieces: Iterable<TablePiece>): void {
  for (const { first, bytes } of pieces) file.put(region.offset + BigInt(first * 8), bytes);
}

async function emptyFile(): Promise<MemoryFile> {
  const file = new MemoryFile();
  await file.resize(12n * MiB);
  return file;
}

describe("vhdx contiguous block table", () => {
  it("puts every block behind the one before and leaves bitmap entries zero", async () => {
    const one = disk();
    const file = await emptyFile();
    put(file, contiguousEntries(one, 5n * MiB, 0, one.virtualSize));
    const table = file.get(region.offset, entryCount(one) * 8);
    const ratio = chunkRatio(one);
    const payload = new Set<number>();
    for (let block = 0; block < payloadCount(one); block++) {
      const index = payloadIndex(block, ratio);
      payload.add(index);
      const expected = ((5n + BigInt(block) * 256n) << 20n) | BigInt(blockState.fullyPresent);
      expect(table.readBigUInt64LE(index * 8), `block ${block}`).to.equal(expected);
    }
    for (let index = 0; index < entryCount(one); index++) {
      if (!payload.has(index)) expect(table.readBigUInt64LE(index * 8), `entry ${index}`).to.equal(0n);
    }
  });

  it("is the same table whether made at once or grown step by step", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }),
        async (steps) => {
          const grown = await emptyFile();
          let size = 0n;
          for (const blocks of steps) {
            const first = size === 0n ? 0 : entryCount(disk({ virtualSize: size }));
            size += BigInt(blocks) * 256n * MiB;
            put(grown, contiguousEntries(disk(), 4n * MiB, first, size));
          }
          const whole = await emptyFile();
          put(whole, contiguousEntries(disk(), 4n * MiB, 0, size));
          expect(grown.equals(whole)).to.equal(true);
          const found = await findContiguousPayload(grown, region, disk({ virtualSize: size }));
          expect(found).to.equal(4n * MiB);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("comes in pieces of bounded size for a large disk, bitmap entries at the right places", async () => {
    const large = disk({ blockSize: 1 << 20, virtualSize: 300n * GiB + 512n });
    const pieces = [...contiguousEntries(large, 20n * MiB, 0, large.virtualSize)];
    expect(pieces.length).to.be.above(4);
    for (const { bytes } of pieces) expect(bytes.length).to.be.at.most(512 << 10);
    const total = pieces.reduce((sum, { bytes }) => sum + bytes.length / 8, 0);
    expect(total).to.equal(entryCount(large));
    const file = await emptyFile();
    put(file, pieces);
    expect(await findContiguousPayload(file, region, large)).to.equal(20n * MiB);
  });

  it("reaches offsets above 4 TiB", async () => {
    const huge = disk({ virtualSize: 64n * TiB });
    const file = await emptyFile();
    put(file, contiguousEntries(huge, 7n * MiB, 0, huge.virtualSize));
    expect(await findContiguousPayload(file, region, huge)).to.equal(7n * MiB);
    const last = payloadIndex(payloadCount(huge) - 1, chunkRatio(huge));
    const entry = file.get(region.offset + BigInt(last * 8), 8).readBigUInt64LE();
    expect(entry >> 20n).to.equal((64n * TiB) / MiB + 7n - 256n);
  });

  it("notices any single entry that breaks the stretch", async () => {
    const one = disk();
    const ratio = chunkRatio(one);
    const blocks = payloadCount(one);
    const whole = await emptyFile();
    put(whole, contiguousEntries(one, 4n * MiB, 0, one.virtualSize));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(blocks - 1),
        fc.constantFrom(0, 1, 2, 3, 4, 5, 7),
        fc.constantFrom(-256, -1, 1, 256),
        fc.boolean(),
        async (block, state, shift, changeState) => {
          const file = whole.copy();
          const bytes = Buffer.alloc(8);
          const offset = 4 + block * 256 + (changeState ? 0 : shift);
          fc.pre(offset > 0);
          writeEntry(tableView(bytes), 0, changeState ? state : blockState.fullyPresent, offset);
          file.put(region.offset + BigInt(payloadIndex(block, ratio) * 8), bytes);
          expect(await findContiguousPayload(file, region, one)).to.equal(undefined);
        },
      ),
    );
  });

  it("finds a dynamic disk's contiguous payload too, and a break anywhere in a long table", async () => {
    const long = disk({ blockSize: 1 << 20, leaveBlocksAllocated: false, virtualSize: 100n * GiB });
    const ratio = chunkRatio(long);
    const file = await emptyFile();
    put(file, contiguousEntries(long, 9n * MiB, 0, long.virtualSize));
    expect(await findContiguousPayload(file, region, long)).to.equal(9n * MiB);
    const last = payloadCount(long) - 1;
    for (const block of [0, 1, 511, 512, 513, ratio - 1, ratio, 33278, 33279, 33280, last]) {
      const broken = file.copy();
      broken.put(region.offset + BigInt(payloadIndex(block, ratio) * 8), Buffer.from([2]));
      expect(await findContiguousPayload(broken, region, long), `block ${block}`).to.equal(undefined);
    }
  });

  it("does not look at bitmap entries nor behind the disk's end", async () => {
    const one = disk();
    const file = await emptyFile();
    put(file, contiguousEntries(one, 4n * MiB, 0, one.virtualSize));
    file.put(region.offset + BigInt(chunkRatio(one) * 8), Buffer.alloc(8, 0xff));
    file.put(region.offset + BigInt(entryCount(one) * 8), Buffer.alloc(8, 0xff));
    expect(await findContiguousPayload(file, region, one)).to.equal(4n * MiB);
  });

  it("finds nothing in a table of zeros", async () => {
    expect(await findContiguousPayload(await emptyFile(), region, disk())).to.equal(undefined);
  });
});

describe("vhdx empty entries", () => {
  it("cover exactly what the larger disk needs more", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 4000n), fc.bigInt(0n, 400000n), (blocks, more) => {
        const one = disk({ virtualSize: blocks * 256n * MiB });
        const newSize = one.virtualSize + more * 256n * MiB;
        let next = entryCount(one);
        for (const { first, bytes } of emptyEntries(one, newSize)) {
          expect(first).to.equal(next);
          expect(bytes.every((byte) => byte === 0)).to.equal(true);
          next += bytes.length / 8;
        }
        expect(next).to.equal(entryCount(one, newSize));
      }),
      { numRuns: 20 },
    );
  });
});

describe("vhdx payload end", () => {
  it("is the end of the last block", () => {
    expect(payloadEnd(disk(), 4n * MiB, 256n * MiB)).to.equal(260n * MiB);
    expect(payloadEnd(disk(), 4n * MiB, 256n * MiB + 512n)).to.equal(516n * MiB);
  });
});
