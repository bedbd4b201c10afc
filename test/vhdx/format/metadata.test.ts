import { expect } from "chai";
import fc from "fast-check";
import { MiB, TiB } from "../../../src/kit/sizes.ts";
import {
  type DiskParameters,
  isBlockSize,
  isVirtualSize,
  typeOf,
} from "../../../src/vhdx/format/disk-parameters.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import {
  encodedMetadataTable,
  encodeItems,
  metadataItems,
  metadataTableWithParent,
  parentLocatorItem,
  readMetadata,
} from "../../../src/vhdx/format/metadata.ts";
import {
  encodeMetadataTable,
  type MetadataEntry,
  readMetadataTable,
} from "../../../src/vhdx/format/metadata-table.ts";
import { type Region, regionIds } from "../../../src/vhdx/format/region-table.ts";
import { encodeParentLocator, type ParentLocator } from "../../../src/vhdx/format/parent-locator.ts";
import { MemoryFile } from "../support/memory-file.ts";
import { expectVhdxError } from "../support/rejects.ts";

const region: Region = { id: regionIds.metadata, offset: 2n * MiB, length: 1 << 20, required: true };

const sample: DiskParameters = {
  blockSize: 2 << 20,
  leaveBlocksAllocated: true,
  hasParent: false,
  virtualSize: 10n * MiB,
  logicalSectorSize: 512,
  physicalSectorSize: 4096,
  virtualDiskId: randomGuid(),
};

const standardEntries: readonly MetadataEntry[] = Object.values(metadataItems);

const locator: ParentLocator = { linkage: randomGuid(), relativePath: ".\\base.vhdx" };
const locatorBytes = encodeParentLocator(locator);
const locatorEntry: MetadataEntry = { ...parentLocatorItem, length: locatorBytes.length };

/** A file with these entries and this disk's items; the locator lies in it in any case. */
function holding(
  disk: DiskParameters,
  entries: readonly MetadataEntry[] = disk.hasParent ? [...standardEntries, locatorEntry] : standardEntries,
): MemoryFile {
  const file = new MemoryFile();
  file.put(3n * MiB - 1n, Buffer.from([1]));
  file.put(region.offset, encodeMetadataTable(entries));
  file.put(region.offset + 0x10000n, encodeItems(disk));
  file.put(region.offset + BigInt(parentLocatorItem.offset), locatorBytes);
  return file;
}

const disks: fc.Arbitrary<DiskParameters> = fc
  .record({
    blockShift: fc.integer({ min: 20, max: 28 }),
    leaveBlocksAllocated: fc.boolean(),
    hasParent: fc.boolean(),
    sectors: fc.bigInt(1n, 2n ** 34n),
    logicalSectorSize: fc.constantFrom(512, 4096),
    physicalSectorSize: fc.constantFrom(512, 4096),
    virtualDiskId: fc.uuid(),
  })
  .map(({ blockShift, sectors, ...rest }) => ({
    ...rest,
    blockSize: 2 ** blockShift,
    virtualSize: sectors * BigInt(rest.logicalSectorSize),
  }));

describe("vhdx metadata", () => {
  it("lies in the file as Windows writes it", () => {
    expect(encodedMetadataTable.length).to.equal(192);
    expect(encodedMetadataTable.toString("latin1", 0, 8)).to.equal("metadata");
    expect(encodedMetadataTable.readUInt16LE(10)).to.equal(5);
    expect(encodedMetadataTable.toString("hex", 32, 48)).to.equal("3767a1ca36fa434db3b633f0aa44e76b");
    expect(encodedMetadataTable.readUInt32LE(48), "offset of the first item").to.equal(0x10000);
    expect(encodedMetadataTable.readUInt32LE(52), "its length").to.equal(8);
    expect(encodedMetadataTable.readUInt32LE(56), "its flags").to.equal(4);
    const flags = standardEntries.map((entry) => entry.flags);
    expect(flags).to.deep.equal([4, 6, 6, 6, 6]);
    const items = encodeItems({ ...sample, hasParent: true });
    expect(items.length).to.equal(40);
    expect(items.readUInt32LE(0)).to.equal(2 << 20);
    expect(items.readUInt32LE(4)).to.equal(3);
    expect(items.readBigUInt64LE(8)).to.equal(10n * MiB);
    expect([items.readUInt32LE(16), items.readUInt32LE(20)]).to.deep.equal([512, 4096]);
  });

  it("has the parent locator as its last item, as Windows writes it", () => {
    const table = metadataTableWithParent(300);
    expect(table.readUInt16LE(10)).to.equal(6);
    expect(table.subarray(12, 192).equals(encodedMetadataTable.subarray(12))).to.equal(true);
    expect(table.toString("hex", 192, 208)).to.equal("2d5fd3a80bb34d45abf7d3d84834ab0c");
    expect([208, 212, 216].map((at) => table.readUInt32LE(at))).to.deep.equal([0x10028, 300, 4]);
  });

  it("round-trips any disk", async () => {
    await fc.assert(
      fc.asyncProperty(disks, async (disk) => {
        expect(await readMetadata(holding(disk), region)).to.deep.equal({
          ...disk,
          virtualSizeOffset: 2n * MiB + 0x10008n,
          virtualDiskIdOffset: 2n * MiB + 0x10018n,
          parentLocator: disk.hasParent ? locator : undefined,
        });
      }),
    );
  });

  it("finds items wherever they are, in any order, among unknown optional ones", async () => {
    const optional = { id: randomGuid(), offset: 0x20000, length: 100, flags: 2 };
    const empty = { id: randomGuid(), offset: 0, length: 0, flags: 1 };
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...standardEntries, optional, empty], { minLength: 7 }),
        fc.integer({ min: 0, max: 0xf0000 - 64 }),
        async (entries, shift) => {
          const moved = entries.map((entry) =>
            standardEntries.includes(entry) ? { ...entry, offset: entry.offset + shift } : entry,
          );
          const file = holding(sample, moved);
          file.put(region.offset + 0x10000n + BigInt(shift), encodeItems(sample));
          expect(await readMetadata(file, region)).to.deep.equal({
            ...sample,
            virtualSizeOffset: region.offset + 0x10008n + BigInt(shift),
            virtualDiskIdOffset: region.offset + 0x10018n + BigInt(shift),
            parentLocator: undefined,
          });
        },
      ),
    );
  });

  it("does not take a user's item for the system's item of the same id", async () => {
    const user = { ...metadataItems.virtualDiskSize, offset: 0x20000, flags: 1 };
    const file = holding(sample, [user, ...standardEntries]);
    expect((await readMetadata(file, region)).virtualSize).to.equal(10n * MiB);
  });

  it("refuses an unknown required item, system's or user's", async () => {
    const stranger = { id: randomGuid(), offset: 0x20000, length: 8, flags: 4 };
    const error = await expectVhdxError(
      readMetadata(holding(sample, [...standardEntries, stranger]), region),
      "metadata",
    );
    expect(error.message).to.contain(stranger.id);
    const user = { ...metadataItems.virtualDiskSize, offset: 0x20000, flags: 5 };
    await expectVhdxError(readMetadata(holding(sample, [...standardEntries, user]), region), "metadata");
  });

  it("has a parent locator in differencing disks, and needs it there", async () => {
    const child = { ...sample, leaveBlocksAllocated: false, hasParent: true };
    expect(typeOf(await readMetadata(holding(child), region))).to.equal("differencing");
    await expectVhdxError(
      readMetadata(holding(child, standardEntries), region),
      "metadata table",
      /no parent locator/,
    );
    expect(
      (await readMetadata(holding(sample, [...standardEntries, locatorEntry]), region)).parentLocator,
    ).to.equal(undefined);
  });

  it("does not look at the parent locator of a disk without parent, and tells where a child's is wrong", async () => {
    const spoilt = (disk: DiskParameters) => {
      const file = holding(disk, [...standardEntries, locatorEntry]);
      file.put(region.offset + BigInt(parentLocatorItem.offset), Buffer.alloc(locatorBytes.length));
      return readMetadata(file, region);
    };
    expect((await spoilt(sample)).hasParent).to.equal(false);
    const error = await expectVhdxError(spoilt({ ...sample, hasParent: true }), "parent locator", /its type/);
    expect(error.offset).to.equal(region.offset + 0x10028n);
  });

  for (const [name, item] of Object.entries(metadataItems)) {
    it(`refuses a disk without ${name} or with one of a wrong length`, async () => {
      const without = standardEntries.filter(({ id }) => id !== item.id);
      const message = new RegExp(`item ${name} is missing`);
      await expectVhdxError(readMetadata(holding(sample, without), region), "metadata table", message);
      const longer = { ...item, length: item.length + 1 };
      await expectVhdxError(
        readMetadata(holding(sample, [...without, longer]), region),
        "metadata table",
        message,
      );
    });
  }

  const values: [string, Partial<DiskParameters>][] = [
    ["a block of no size", { blockSize: 0 }],
    ["a block below 1 MiB", { blockSize: 1 << 19 }],
    ["a block above 256 MiB", { blockSize: 512 << 20 }],
    ["a block that is no power of two", { blockSize: 3 << 20 }],
    ["logical sectors of 520 bytes", { logicalSectorSize: 520 }],
    ["logical sectors of no size", { logicalSectorSize: 0 }],
    ["physical sectors of 8192 bytes", { physicalSectorSize: 8192 }],
    ["an empty disk", { virtualSize: 0n }],
    ["half a sector", { virtualSize: 10n * MiB + 256n }],
    ["more than 64 TiB", { virtualSize: 64n * TiB + 512n }],
    ["2^64 - 512 bytes", { virtualSize: 2n ** 64n - 512n }],
  ];
  for (const [what, change] of values) {
    it(`refuses ${what}`, async () => {
      await expectVhdxError(
        readMetadata(holding({ ...sample, ...change }), region),
        "metadata",
        /out of range$/,
      );
    });
  }
});

describe("vhdx metadata table", () => {
  const read = (entries: readonly MetadataEntry[]) => readMetadataTable(holding(sample, entries), region);

  it("round-trips any entries that are in place", async () => {
    const entry = fc.record({
      id: fc.uuid(),
      offset: fc.integer({ min: 0x10000, max: 0xe0000 }),
      length: fc.integer({ min: 1, max: 0x20000 }),
      flags: fc.nat(7),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(entry, { selector: ({ id }) => id, maxLength: 40 }),
        async (entries) => {
          expect(await read(entries)).to.deep.equal(entries);
        },
      ),
    );
  });

  it("refuses a wrong signature", async () => {
    const file = holding(sample);
    file.put(region.offset, Buffer.from("METADATA"));
    await expectVhdxError(readMetadataTable(file, region), "metadata table", /byte 2097152: wrong signature/);
  });

  it("refuses more entries than fit", async () => {
    const file = holding(sample);
    file.put(region.offset + 10n, Buffer.from([0, 8]));
    await expectVhdxError(readMetadataTable(file, region), "metadata table", /2048 entries/);
  });

  const item = { id: randomGuid(), flags: 2 };
  const misplaced: [string, { offset: number; length: number }][] = [
    ["inside the table", { offset: 0xfff8, length: 8 }],
    ["across the region's end", { offset: 0xffffc, length: 8 }],
    ["past the region's end", { offset: 0x100000, length: 8 }],
    ["at 4 GiB", { offset: 0xfffffff8, length: 8 }],
    ["empty and somewhere", { offset: 0x10000, length: 0 }],
    ["longer than 1 MiB", { offset: 0x10000, length: (1 << 20) + 1 }],
    ["of 4 GiB", { offset: 0x10000, length: 0xffffffff }],
  ];
  for (const [where, place] of misplaced) {
    it(`refuses an item ${where}`, async () => {
      await expectVhdxError(read([{ ...item, ...place }]), "metadata table", /byte 2097184: .* out of place/);
    });
  }

  it("refuses an item that appears twice, but not as user's and system's", async () => {
    const place = { offset: 0x10000, length: 8 };
    await expectVhdxError(
      read([
        { ...item, ...place },
        { ...item, ...place, flags: 4 },
      ]),
      "metadata table",
      /byte 2097216: .* twice/,
    );
    expect(
      await read([
        { ...item, ...place },
        { ...item, ...place, flags: 3 },
      ]),
    ).to.have.length(2);
  });
});

describe("vhdx disk parameters", () => {
  it("allows the nine block sizes", () => {
    const allowed = Array.from({ length: 64 }, (_, shift) => 2 ** shift).filter(isBlockSize);
    expect(allowed).to.deep.equal(Array.from({ length: 9 }, (_, index) => 2 ** (20 + index)));
    for (const size of [-(1 << 20), 1.5 * Number(MiB), NaN, Infinity])
      expect(isBlockSize(size)).to.equal(false);
  });

  it("allows whole sectors up to 64 TiB", () => {
    expect(isVirtualSize(512n, 512)).to.equal(true);
    expect(isVirtualSize(64n * TiB, 4096)).to.equal(true);
    expect(isVirtualSize(512n, 4096)).to.equal(false);
    expect(isVirtualSize(0n, 512)).to.equal(false);
    expect(isVirtualSize(-512n, 512)).to.equal(false);
  });

  it("tells the types apart; a parent outweighs the fixed bit", () => {
    expect(typeOf(sample)).to.equal("fixed");
    expect(typeOf({ ...sample, leaveBlocksAllocated: false })).to.equal("dynamic");
    expect(typeOf({ ...sample, hasParent: true })).to.equal("differencing");
  });
});
