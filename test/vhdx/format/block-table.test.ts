import { expect } from "chai";
import fc from "fast-check";
import { GiB, MiB, TiB } from "../../../src/kit/sizes.ts";
import {
  bitmapIndex,
  blockState,
  chunkRatio,
  entryCount,
  entryOffsetMiB,
  entryState,
  payloadCount,
  payloadIndex,
  tableCapacity,
  tableLength,
  tableView,
  writeEntry,
} from "../../../src/vhdx/format/block-table.ts";
import type { DiskParameters } from "../../../src/vhdx/format/disk-parameters.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";

const disk = (changes: Partial<DiskParameters> = {}): DiskParameters => ({
  blockSize: 2 << 20,
  leaveBlocksAllocated: false,
  hasParent: false,
  virtualSize: 10n * MiB,
  logicalSectorSize: 512,
  physicalSectorSize: 4096,
  virtualDiskId: randomGuid(),
  ...changes,
});

/** The table laid out the slow way: a name for each entry. */
function layOut(blocks: number, ratio: number, hasParent: boolean): string[] {
  const names: string[] = [];
  for (let block = 0; block < blocks; block++) {
    names.push(`payload ${block}`);
    const endsChunk = block % ratio === ratio - 1;
    const last = block === blocks - 1;
    if (endsChunk && (!last || hasParent)) names.push(`bitmap ${Math.floor(block / ratio)}`);
  }
  if (hasParent && blocks % ratio !== 0) {
    for (let missing = blocks % ratio; missing < ratio; missing++) names.push("unused");
    names.push(`bitmap ${Math.floor(blocks / ratio)}`);
  }
  return names;
}

describe("vhdx block table arithmetic", () => {
  it("has the chunk ratios of the specification", () => {
    expect(chunkRatio(disk({ blockSize: 1 << 20 }))).to.equal(4096);
    expect(chunkRatio(disk({ blockSize: 2 << 20 }))).to.equal(2048);
    expect(chunkRatio(disk({ blockSize: 32 << 20 }))).to.equal(128);
    expect(chunkRatio(disk({ blockSize: 256 << 20 }))).to.equal(16);
    expect(chunkRatio(disk({ blockSize: 1 << 20, logicalSectorSize: 4096 }))).to.equal(32768);
  });

  it("agrees with a table laid out entry by entry", () => {
    const shapes = fc.record({
      blockSize: fc.constantFrom(64 << 20, 128 << 20, 256 << 20),
      hasParent: fc.boolean(),
      sectors: fc.bigInt(1n, (64n * GiB) / 512n),
    });
    fc.assert(
      fc.property(shapes, ({ blockSize, hasParent, sectors }) => {
        const one = disk({ blockSize, hasParent, virtualSize: sectors * 512n });
        const ratio = chunkRatio(one);
        const blocks = payloadCount(one);
        expect(BigInt(blocks) * BigInt(blockSize) >= one.virtualSize).to.equal(true);
        expect(BigInt(blocks - 1) * BigInt(blockSize) < one.virtualSize).to.equal(true);
        const names = layOut(blocks, ratio, hasParent);
        expect(entryCount(one)).to.equal(names.length);
        for (let block = 0; block < blocks; block++) {
          expect(names[payloadIndex(block, ratio)]).to.equal(`payload ${block}`);
        }
        names.forEach((name, index) => {
          if (name.startsWith("bitmap")) expect(bitmapIndex(Number(name.slice(7)), ratio)).to.equal(index);
        });
      }),
      { numRuns: 200 },
    );
  });

  it("counts entries as Windows does at the chunk's edge", () => {
    const blocks = (count: bigint) => disk({ blockSize: 32 << 20, virtualSize: count * 32n * MiB });
    expect(entryCount(blocks(1n))).to.equal(1);
    expect(entryCount(blocks(128n))).to.equal(128);
    expect(entryCount(blocks(129n))).to.equal(130);
    const child = (count: bigint) => ({ ...blocks(count), hasParent: true });
    expect(entryCount(child(1n))).to.equal(129);
    expect(entryCount(child(128n))).to.equal(129);
    expect(entryCount(child(129n))).to.equal(258);
  });

  it("holds what it says it holds and not one block more", () => {
    const shapes = fc.record({
      blockSize: fc.constantFrom(1 << 20, 2 << 20, 32 << 20, 256 << 20),
      logicalSectorSize: fc.constantFrom(512, 4096),
      hasParent: fc.boolean(),
      tableMiB: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(shapes, ({ tableMiB, ...shape }) => {
        const one = disk(shape);
        const length = tableMiB << 20;
        const capacity = tableCapacity(one, length);
        expect(entryCount(one, capacity) * 8).to.be.at.most(length);
        if (capacity === 64n * TiB) return;
        expect(entryCount(one, capacity + BigInt(one.logicalSectorSize)) * 8).to.be.above(length);
      }),
    );
  });

  it("has the capacities of a 1 MiB and a 17 MiB table", () => {
    expect(tableCapacity(disk({ blockSize: 2 << 20 }), 1 << 20)).to.equal((131072n - 63n) * 2n * MiB);
    expect(tableCapacity(disk({ blockSize: 32 << 20 }), 17 << 20)).to.equal(64n * TiB);
    expect(tableCapacity(disk({ blockSize: 32 << 20 }), 16 << 20) < 64n * TiB).to.equal(true);
  });
});

describe("vhdx block table reserve", () => {
  const shapes = fc.record({
    blockSize: fc.constantFrom(...Array.from({ length: 9 }, (_, shift) => (1 << 20) * 2 ** shift)),
    logicalSectorSize: fc.constantFrom(512, 4096),
    hasParent: fc.boolean(),
    // Every magnitude, not only the largest.
    virtualSize: fc.tuple(fc.integer({ min: 12, max: 46 }), fc.bigInt(1n, 4096n)).map(([shift, part]) => {
      const size = ((1n << BigInt(shift)) * part) / 4096n;
      return ((size + 4095n) / 4096n) * 4096n;
    }),
  });

  it("is whole MiB, room for four times the entries, or for 64 TiB where that is less", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const one = disk(shape);
        const length = tableLength(one, one.virtualSize);
        const wanted = Math.min(4 * entryCount(one), entryCount(one, 64n * TiB)) * 8;
        expect(length % (1 << 20)).to.equal(0);
        expect(length).to.be.at.least(wanted);
        expect(length, "and not a MiB more").to.be.below(wanted + (1 << 20));
      }),
      { numRuns: 1000 },
    );
  });

  it("is 1 MiB for disks that need up to 256 KiB, and the whole table of the largest", () => {
    const length = (blockSize: number, virtualSize: bigint, hasParent = false) =>
      tableLength(disk({ blockSize, hasParent }), virtualSize) / (1 << 20);
    // 32768 entries, 15 of them of sector bitmaps.
    const quarter = 32753n * 2n * MiB;
    expect([length(2 << 20, quarter), length(2 << 20, quarter + 512n)]).to.deep.equal([1, 2]);
    expect(length(32 << 20, 16n * TiB)).to.equal(17);
    expect(length(32 << 20, 64n * TiB)).to.equal(17);
    expect(length(1 << 20, 64n * TiB)).to.equal(513);
    expect(length(1 << 20, 64n * TiB, true)).to.equal(513);
  });
});

describe("vhdx block table entry", () => {
  it("packs the state into bits 0-2 and MiB into bits 20-63", () => {
    const bytes = Buffer.alloc(16);
    writeEntry(tableView(bytes), 1, blockState.fullyPresent, 4);
    expect(bytes.readBigUInt64LE(8)).to.equal(4n * MiB + 6n);
    expect(bytes.readBigUInt64LE(0)).to.equal(0n);
  });

  it("round-trips any state and offset at any index", () => {
    fc.assert(
      fc.property(fc.nat(7), fc.maxSafeNat(), fc.nat(15), (state, number, index) => {
        const offset = number % 2 ** 44;
        const bytes = Buffer.alloc(128);
        const table = tableView(bytes);
        writeEntry(table, index, state, offset);
        expect(bytes.readBigUInt64LE(index * 8)).to.equal((BigInt(offset) << 20n) | BigInt(state));
        expect(entryState(table, index)).to.equal(state);
        expect(entryOffsetMiB(table, index)).to.equal(offset);
      }),
    );
  });

  it("ignores reserved bits when it reads", () => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE((7n << 20n) | 0xffff8n | 2n);
    expect(entryState(tableView(bytes), 0)).to.equal(blockState.zero);
    expect(entryOffsetMiB(tableView(bytes), 0)).to.equal(7);
  });

  it("works on a part of a buffer", () => {
    const whole = Buffer.alloc(32);
    writeEntry(tableView(whole.subarray(8, 24)), 1, 6, 5);
    expect(whole.readBigUInt64LE(16)).to.equal(5n * MiB + 6n);
  });
});
