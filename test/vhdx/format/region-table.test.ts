import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../../src/kit/sizes.ts";
import { hasValidChecksum } from "../../../src/vhdx/format/checksum.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import {
  encodeRegionTable,
  readRegions,
  type Region,
  regionIds,
  regionTableLayout,
} from "../../../src/vhdx/format/region-table.ts";
import { editAll, regionTables, spoil } from "../support/images.ts";
import { MemoryFile } from "../support/memory-file.ts";
import { expectVhdxError } from "../support/rejects.ts";

const log = { name: "log", offset: MiB, length: MiB };
const metadata: Region = { id: regionIds.metadata, offset: 2n * MiB, length: 1 << 20, required: true };
const blockTable: Region = { id: regionIds.blockTable, offset: 3n * MiB, length: 2 << 20, required: true };

/** A file of 16 MiB with this table twice. */
async function holding(regions: readonly Region[]): Promise<MemoryFile> {
  const file = new MemoryFile();
  await file.resize(16n * MiB);
  for (const offset of regionTableLayout.copies) file.put(offset, encodeRegionTable(regions));
  return file;
}

describe("vhdx region table", () => {
  it("has every field at its place", () => {
    const bytes = encodeRegionTable([blockTable, metadata]);
    expect(bytes.length).to.equal(80);
    expect(bytes.toString("latin1", 0, 4)).to.equal("regi");
    expect(bytes.readUInt32LE(8)).to.equal(2);
    expect(bytes.toString("hex", 16, 32)).to.equal("6677c22d23f600429d64115e9bfd4a08");
    expect(bytes.readBigUInt64LE(32)).to.equal(3n * MiB);
    expect(bytes.readUInt32LE(40)).to.equal(2 << 20);
    expect(bytes.readUInt32LE(44)).to.equal(1);
    expect(bytes.toString("hex", 48, 64)).to.equal("06a27c8b90479a4bb8fe575f050f886e");
    const whole = Buffer.alloc(65536);
    bytes.copy(whole);
    expect(hasValidChecksum(whole)).to.equal(true);
  });

  it("finds both regions in any order and keeps an unknown optional one out of the way", async () => {
    const optional = { id: randomGuid(), offset: 8n * MiB, length: 1 << 20, required: false };
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([blockTable, metadata, optional], { minLength: 3 }),
        async (regions) => {
          const found = await readRegions(await holding(regions), log);
          expect(found.blockTable).to.deep.equal(blockTable);
          expect(found.metadata).to.deep.equal(metadata);
          expect(found.extents.map(({ offset }) => offset)).to.include.members([0n, MiB, 8n * MiB]);
        },
      ),
    );
  });

  it("accepts regions marked as not required, as qemu writes them", async () => {
    const regions = [blockTable, metadata].map((region) => ({ ...region, required: false }));
    expect((await readRegions(await holding(regions), log)).metadata.required).to.equal(false);
  });

  it("uses the copy when the first table is damaged", async () => {
    const file = await holding([blockTable, metadata]);
    spoil(file, regionTables[0]!);
    expect((await readRegions(file, log)).blockTable).to.deep.equal(blockTable);
    spoil(file, regionTables[1]!);
    await expectVhdxError(readRegions(file, log), "region table", /byte 196608: neither copy/);
  });

  it("uses the copy when the first table has a wrong signature", async () => {
    const file = await holding([blockTable, metadata]);
    editAll(file, regionTables.slice(0, 1), (bytes) => bytes.write("REGI"));
    expect((await readRegions(file, log)).metadata).to.deep.equal(metadata);
  });

  it("refuses an unknown required region", async () => {
    const id = randomGuid();
    const file = await holding([
      blockTable,
      metadata,
      { id, offset: 8n * MiB, length: 1 << 20, required: true },
    ]);
    const error = await expectVhdxError(readRegions(file, log), "region table");
    expect(error.message).to.contain(id);
  });

  it("refuses more entries than fit, whatever the count says", async () => {
    for (const count of [2048, 65536, 0xffffffff]) {
      const file = await holding([blockTable, metadata]);
      editAll(file, regionTables, (bytes) => bytes.writeUInt32LE(count, 8));
      await expectVhdxError(readRegions(file, log), "region table", /byte 196616: \d+ entries/);
    }
  });

  it("reads a full table", async () => {
    const file = await holding([blockTable, metadata]);
    const filler = Array.from({ length: 2045 }, (_, index): Region => ({
      id: randomGuid(),
      offset: BigInt(20 + index) * MiB,
      length: 1 << 20,
      required: false,
    }));
    await file.resize(4096n * MiB);
    for (const offset of regionTableLayout.copies) {
      file.put(offset, encodeRegionTable([...filler, blockTable, metadata]));
    }
    expect((await readRegions(file, log)).extents.length).to.equal(2049);
  });

  const misplaced: [string, Partial<Region>, string, RegExp][] = [
    ["off the grid", { offset: 3n * MiB + 512n }, "region table", /units of 1 MiB/],
    ["at zero", { offset: 0n }, "region table", /units of 1 MiB/],
    ["of no length", { length: 0 }, "region table", /units of 1 MiB/],
    ["of a length off the grid", { length: 4096 }, "region table", /units of 1 MiB/],
    ["past the end", { offset: 16n * MiB }, "block table", /past the end/],
    ["partly past the end", { offset: 15n * MiB }, "block table", /past the end/],
    ["far past the end", { offset: 2n ** 63n }, "block table", /past the end/],
    ["longer than the file", { length: 0xfff00000 }, "block table", /past the end/],
  ];
  for (const [where, change, structure, message] of misplaced) {
    it(`refuses a region ${where}`, async () => {
      const file = await holding([{ ...blockTable, ...change }, metadata]);
      await expectVhdxError(readRegions(file, log), structure, message);
    });
  }

  it("refuses regions that overlap each other or the log", async () => {
    const together = await holding([
      { ...blockTable, offset: 2n * MiB, length: 3 << 20 },
      { ...metadata, offset: 4n * MiB },
    ]);
    await expectVhdxError(
      readRegions(together, log),
      "metadata",
      /at byte 4194304: overlaps the block table/,
    );
    const longLog = { ...log, length: 2n * MiB };
    await expectVhdxError(
      readRegions(await holding([blockTable, metadata]), longLog),
      "metadata",
      /overlaps the log/,
    );
  });

  it("refuses a log that leaves the file", async () => {
    const file = await holding([blockTable, metadata]);
    await expectVhdxError(readRegions(file, { ...log, offset: 16n * MiB }), "log", /past the end/);
  });

  it("wants each known region exactly once", async () => {
    await expectVhdxError(readRegions(await holding([metadata]), log), "region table", /0 regions/);
    await expectVhdxError(readRegions(await holding([blockTable]), log), "region table", /0 regions/);
    const twice = await holding([blockTable, metadata, { ...metadata, offset: 9n * MiB }]);
    await expectVhdxError(readRegions(twice, log), "region table", /2 regions/);
  });
});
