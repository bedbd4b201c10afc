import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../../src/kit/sizes.ts";
import { writeChecksum } from "../../../src/vhdx/format/checksum.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import {
  claimedLength,
  decodeLogEntry,
  encodeLogEntry,
  type LogChange,
  type LogEntry,
} from "../../../src/vhdx/log/log-entry.ts";

const dataChange = (offset = 2n * MiB): LogChange & { data: Buffer } => ({ offset, data: randomBytes(4096) });

const sample = (changes: readonly LogChange[] = [dataChange()]): LogEntry => ({
  tail: 0,
  sequenceNumber: 0x1234567890n,
  logGuid: randomGuid(),
  flushedFileOffset: 4n * MiB,
  lastFileOffset: 8n * MiB,
  changes,
});

const sectors = fc.bigInt(0n, 2n ** 40n).map((sector) => sector * 4096n);
const changes: fc.Arbitrary<LogChange> = fc.oneof(
  fc.record({ offset: sectors, data: fc.constant(0).map(() => randomBytes(4096)) }),
  fc.record({ offset: sectors, length: sectors }),
);
const entries: fc.Arbitrary<LogEntry> = fc.record({
  tail: fc.nat(255).map((sector) => sector * 4096),
  sequenceNumber: fc.bigInt(1n, 2n ** 64n - 1n),
  logGuid: fc.uuid(),
  flushedFileOffset: sectors,
  lastFileOffset: sectors,
  changes: fc.array(changes, { maxLength: 20 }),
});

/** The entry with one edit, and its checksum right again. */
function tampered(entry: LogEntry, change: (bytes: Buffer) => void): Buffer {
  const bytes = encodeLogEntry(entry);
  change(bytes);
  writeChecksum(bytes, bytes.length);
  return bytes;
}

describe("vhdx log entry", () => {
  it("has every field at its place", () => {
    const change = dataChange(7n * 4096n);
    const entry = { ...sample([change, { offset: 4096n, length: 8192n }]), tail: 4096 };
    const bytes = encodeLogEntry(entry);
    expect(bytes.length).to.equal(8192);
    expect(bytes.toString("latin1", 0, 4)).to.equal("loge");
    expect([bytes.readUInt32LE(8), bytes.readUInt32LE(12)]).to.deep.equal([8192, 4096]);
    expect(bytes.readBigUInt64LE(16)).to.equal(0x1234567890n);
    expect(bytes.readUInt32LE(24)).to.equal(2);
    expect(bytes.readBigUInt64LE(48)).to.equal(4n * MiB);
    expect(bytes.readBigUInt64LE(56)).to.equal(8n * MiB);
    expect(bytes.toString("latin1", 64, 68)).to.equal("desc");
    expect(bytes.subarray(68, 72).equals(change.data.subarray(4092))).to.equal(true);
    expect(bytes.subarray(72, 80).equals(change.data.subarray(0, 8))).to.equal(true);
    expect(bytes.readBigUInt64LE(80)).to.equal(7n * 4096n);
    expect(bytes.readBigUInt64LE(88)).to.equal(0x1234567890n);
    expect(bytes.toString("latin1", 96, 100)).to.equal("zero");
    expect(bytes.readBigUInt64LE(104)).to.equal(8192n);
    expect(bytes.readBigUInt64LE(112)).to.equal(4096n);
    const sector = bytes.subarray(4096);
    expect(sector.toString("latin1", 0, 4)).to.equal("data");
    expect(sector.readUInt32LE(4), "high half of the sequence number").to.equal(0x12);
    expect(sector.subarray(8, 4092).equals(change.data.subarray(8, 4092))).to.equal(true);
    expect(sector.readUInt32LE(4092), "low half").to.equal(0x34567890);
  });

  it("round-trips any entry", () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const bytes = encodeLogEntry(entry);
        expect(bytes.length % 4096).to.equal(0);
        expect(claimedLength(bytes.subarray(0, 4096), 1 << 20)).to.equal(bytes.length);
        expect(decodeLogEntry(bytes)).to.deep.equal(entry);
      }),
    );
  });

  it("fits 126 descriptors in the first sector and 128 in each one after", () => {
    const zeros = (count: number) => Array.from({ length: count }, () => ({ offset: 4096n, length: 4096n }));
    for (const [count, length] of [
      [0, 1],
      [126, 1],
      [127, 2],
      [254, 2],
      [255, 3],
    ] as const) {
      const bytes = encodeLogEntry(sample(zeros(count)));
      expect(bytes.length, `${count} descriptors`).to.equal(length * 4096);
      expect(decodeLogEntry(bytes)?.changes).to.have.length(count);
    }
  });

  it("is not valid with any bit flipped", () => {
    const bytes = encodeLogEntry(sample());
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(decodeLogEntry(bytes)).to.equal(undefined);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }),
      { numRuns: 300 },
    );
    expect(decodeLogEntry(bytes)).not.to.equal(undefined);
  });

  const defects: [string, (bytes: Buffer) => void][] = [
    ["sequence number zero", (bytes) => bytes.writeBigUInt64LE(0n, 16)],
    ["a tail off the grid", (bytes) => bytes.writeUInt32LE(100, 12)],
    ["a descriptor of another sequence", (bytes) => bytes.writeBigUInt64LE(3n, 88)],
    ["a descriptor of an unknown kind", (bytes) => bytes.write("dexc", 64)],
    ["a file offset off the grid", (bytes) => bytes.writeBigUInt64LE(100n, 80)],
    ["a zero length off the grid", (bytes) => bytes.writeBigUInt64LE(100n, 104)],
    ["a data sector without signature", (bytes) => bytes.write("date", 4096)],
    ["a data sector of another sequence, high", (bytes) => bytes.writeUInt32LE(0, 4100)],
    ["a data sector of another sequence, low", (bytes) => bytes.writeUInt32LE(0, 8188)],
    ["a data sector too many", (bytes) => bytes.write("zero", 64)],
    ["a data sector too few", (bytes) => bytes.write("desc", 96)],
  ];
  for (const [what, change] of defects) {
    it(`is not valid with ${what}`, () => {
      const entry = sample([dataChange(), { offset: 8192n, length: 4096n }]);
      expect(decodeLogEntry(tampered(entry, () => undefined))).not.to.equal(undefined);
      expect(decodeLogEntry(tampered(entry, change))).to.equal(undefined);
    });
  }

  it("claims no length that cannot be", () => {
    const claim = (change: (bytes: Buffer) => void) => {
      const bytes = encodeLogEntry(sample());
      change(bytes);
      return claimedLength(bytes.subarray(0, 4096), 1 << 20);
    };
    expect(claim(() => undefined)).to.equal(8192);
    expect(claim((bytes) => bytes.write("data"))).to.equal(undefined);
    expect(claim((bytes) => bytes.writeUInt32LE(0, 8))).to.equal(undefined);
    expect(claim((bytes) => bytes.writeUInt32LE(4097, 8))).to.equal(undefined);
    expect(claim((bytes) => bytes.writeUInt32LE((1 << 20) + 4096, 8))).to.equal(undefined);
    expect(claim((bytes) => bytes.writeUInt32LE(0xfffff000, 8))).to.equal(undefined);
    expect(claim((bytes) => bytes.writeUInt32LE(0xffffffff, 24))).to.equal(undefined);
    expect(claim((bytes) => bytes.writeUInt32LE(1 << 20, 8))).to.equal(1 << 20);
  });
});
