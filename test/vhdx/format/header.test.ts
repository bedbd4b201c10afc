import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../../src/kit/sizes.ts";
import { hasValidChecksum } from "../../../src/vhdx/format/checksum.ts";
import { randomGuid, ZERO_GUID } from "../../../src/vhdx/format/guid.ts";
import {
  encodeHeader,
  type Header,
  headerLayout,
  readHeaders,
  updateHeader,
} from "../../../src/vhdx/format/header.ts";
import { edit, editAll, headers, spoil } from "../support/images.ts";
import { MemoryFile } from "../support/memory-file.ts";
import { expectVhdxError } from "../support/rejects.ts";

const sample = (changes: Partial<Header> = {}): Header => ({
  sequenceNumber: 5n,
  fileWriteGuid: randomGuid(),
  dataWriteGuid: randomGuid(),
  logGuid: ZERO_GUID,
  logLength: 1 << 20,
  logOffset: MiB,
  ...changes,
});

/** A file with nothing but these two headers. */
function holding(first: Header | undefined, second: Header | undefined): MemoryFile {
  const file = new MemoryFile();
  file.put(0x30000n - 1n, Buffer.from([1]));
  if (first) file.put(headerLayout.copies[0], encodeHeader(first));
  if (second) file.put(headerLayout.copies[1], encodeHeader(second));
  return file;
}

describe("vhdx header", () => {
  it("has every field at its place", () => {
    const bytes = encodeHeader({
      sequenceNumber: 0x0102030405060708n,
      fileWriteGuid: "00000001-0000-0000-0000-000000000000",
      dataWriteGuid: "00000002-0000-0000-0000-000000000000",
      logGuid: "00000003-0000-0000-0000-000000000000",
      logLength: 3 << 20,
      logOffset: 7n * MiB,
    });
    expect(bytes.toString("latin1", 0, 4)).to.equal("head");
    expect(bytes.readBigUInt64LE(8)).to.equal(0x0102030405060708n);
    expect([bytes[16], bytes[32], bytes[48]]).to.deep.equal([1, 2, 3]);
    expect(bytes.readUInt16LE(64), "log version").to.equal(0);
    expect(bytes.readUInt16LE(66), "version").to.equal(1);
    expect(bytes.readUInt32LE(68)).to.equal(3 << 20);
    expect(bytes.readBigUInt64LE(72)).to.equal(7n * MiB);
    const sector = Buffer.alloc(4096);
    bytes.copy(sector);
    expect(hasValidChecksum(sector)).to.equal(true);
  });

  it("takes the copy with the higher sequence number", async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n), async (one, other) => {
        fc.pre(one !== other);
        const first = sample({ sequenceNumber: one });
        const second = sample({ sequenceNumber: other });
        const { header, slot } = await readHeaders(holding(first, second));
        expect(slot).to.equal(one > other ? 0 : 1);
        expect(header).to.deep.equal(one > other ? first : second);
      }),
    );
  });

  it("takes the only valid copy, however old", async () => {
    const old = sample({ sequenceNumber: 0n });
    const young = sample({ sequenceNumber: 9n });
    const spoiledFirst = holding(young, old);
    spoil(spoiledFirst, headers[0]!);
    expect(await readHeaders(spoiledFirst)).to.deep.equal({ header: old, slot: 1 });
    const spoiledSecond = holding(old, young);
    spoil(spoiledSecond, headers[1]!);
    expect(await readHeaders(spoiledSecond)).to.deep.equal({ header: old, slot: 0 });
    expect((await readHeaders(holding(undefined, old))).slot).to.equal(1);
    expect((await readHeaders(holding(old, undefined))).slot).to.equal(0);
  });

  it("ignores a copy with a right checksum and a wrong signature", async () => {
    const file = holding(sample({ sequenceNumber: 9n }), sample({ sequenceNumber: 1n }));
    edit(file, headers[0]!, (bytes) => bytes.write("HEAD"));
    expect((await readHeaders(file)).slot).to.equal(1);
  });

  it("accepts equal sequence numbers in equal headers only", async () => {
    const header = sample();
    expect((await readHeaders(holding(header, header))).header).to.deep.equal(header);
    await expectVhdxError(readHeaders(holding(sample(), sample())), "header", /both headers/);
  });

  it("refuses a file without a valid header", async () => {
    await expectVhdxError(readHeaders(holding(undefined, undefined)), "header", /byte 65536: neither/);
  });

  it("refuses a file that ends before the headers", async () => {
    await expectVhdxError(readHeaders(new MemoryFile()), "header 1");
  });

  const malformed: [string, (bytes: Buffer) => void, RegExp][] = [
    ["an unknown version", (bytes) => bytes.writeUInt16LE(2, 66), /byte 65602: unknown format version/],
    ["a log of no length", (bytes) => bytes.writeUInt32LE(0, 68), /log's length/],
    ["a log length off the grid", (bytes) => bytes.writeUInt32LE(4096, 68), /log's length/],
    ["a log at zero", (bytes) => bytes.writeBigUInt64LE(0n, 72), /log's offset/],
    ["a log off the grid", (bytes) => bytes.writeBigUInt64LE(MiB + 512n, 72), /log's offset/],
  ];
  for (const [what, change, message] of malformed) {
    it(`refuses ${what}`, async () => {
      const file = holding(sample(), undefined);
      edit(file, headers[0]!, change);
      await expectVhdxError(readHeaders(file), "header", message);
    });
  }

  it("minds the log version only when there is a log to replay", async () => {
    const file = holding(sample(), undefined);
    edit(file, headers[0]!, (bytes) => bytes.writeUInt16LE(1, 64));
    expect((await readHeaders(file)).slot).to.equal(0);
    const dirty = holding(sample({ logGuid: randomGuid() }), undefined);
    editAll(dirty, headers.slice(0, 1), (bytes) => bytes.writeUInt16LE(1, 64));
    await expectVhdxError(readHeaders(dirty), "header", /log version/);
  });
});

describe("vhdx header update", () => {
  it("replaces the other copy, one number higher", async () => {
    const old = sample({ sequenceNumber: 8n });
    const current = sample({ sequenceNumber: 9n });
    const file = holding(current, old);
    const fileWriteGuid = randomGuid();
    const updated = await updateHeader(file, await readHeaders(file), { fileWriteGuid });
    expect(updated).to.deep.equal({ header: { ...current, sequenceNumber: 10n, fileWriteGuid }, slot: 1 });
    expect(await readHeaders(file)).to.deep.equal(updated);
    expect(file.get(headerLayout.copies[0], 80).equals(encodeHeader(current))).to.equal(true);
  });

  it("leaves both copies alike when done twice", async () => {
    const file = holding(sample(), undefined);
    const once = await updateHeader(file, await readHeaders(file), { dataWriteGuid: randomGuid() });
    const twice = await updateHeader(file, once, {});
    expect(twice.header).to.deep.equal({ ...once.header, sequenceNumber: once.header.sequenceNumber + 1n });
    expect(twice.slot).to.equal(0);
    spoil(file, headers[0]!);
    expect((await readHeaders(file)).header).to.deep.equal(once.header);
  });

  it("clears what another writer left in the reserved bytes", async () => {
    const file = holding(sample(), undefined);
    file.put(headerLayout.copies[1], Buffer.alloc(4096, 0xaa));
    const updated = await updateHeader(file, await readHeaders(file), {});
    expect(await readHeaders(file)).to.deep.equal(updated);
    expect(file.get(headerLayout.copies[1] + 80n, 4016).every((byte) => byte === 0)).to.equal(true);
  });

  it("refuses to go past the last sequence number", async () => {
    const file = holding(sample({ sequenceNumber: 2n ** 64n - 1n }), undefined);
    const before = file.copy();
    await expectVhdxError(updateHeader(file, await readHeaders(file), {}), "header", /sequence number/);
    expect(file.equals(before)).to.equal(true);
  });
});
