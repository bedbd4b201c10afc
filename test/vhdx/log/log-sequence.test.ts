import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../../src/kit/sizes.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { encodeLogEntry, type LogEntry } from "../../../src/vhdx/log/log-entry.ts";
import { findActiveSequence } from "../../../src/vhdx/log/log-sequence.ts";
import { expectVhdxError } from "../support/rejects.ts";

const SECTOR = 4096;
const logGuid = randomGuid();

/** A ring of so many sectors that entries are put into, wrapping. */
class Ring {
  readonly bytes: Buffer;

  constructor(sectors: number) {
    this.bytes = Buffer.alloc(sectors * SECTOR);
  }

  /** Puts an entry of `length` sectors at sector `at`; its tail is a sector number, too. */
  put(at: number, sequenceNumber: number, tail: number, length = 1, guid = logGuid): void {
    const entry = encodeLogEntry({
      tail: tail * SECTOR,
      sequenceNumber: BigInt(sequenceNumber),
      logGuid: guid,
      flushedFileOffset: 0n,
      lastFileOffset: BigInt(at) * MiB,
      changes: Array.from({ length: length - 1 }, (_, index) => ({
        offset: BigInt(index * SECTOR),
        data: Buffer.alloc(SECTOR, sequenceNumber),
      })),
    });
    for (let done = 0; done < entry.length; done += SECTOR) {
      const sector = (at * SECTOR + done) % this.bytes.length;
      entry.copy(this.bytes, sector, done, done + SECTOR);
    }
  }

  find(): number[] | undefined {
    return numbers(findActiveSequence(this.bytes, logGuid, MiB));
  }
}

function numbers(sequence: readonly LogEntry[] | undefined): number[] | undefined {
  return sequence?.map((entry) => Number(entry.sequenceNumber));
}

describe("vhdx log sequence", () => {
  it("is nothing in an empty ring", () => {
    expect(new Ring(16).find()).to.equal(undefined);
  });

  it("is one entry that is its own tail, anywhere", () => {
    for (let at = 0; at < 16; at++) {
      const ring = new Ring(16);
      ring.put(at, 7, at);
      expect(ring.find(), `at ${at}`).to.deep.equal([7]);
    }
  });

  it("is the entries from the head's tail on", () => {
    const ring = new Ring(16);
    ring.put(0, 1, 0);
    ring.put(1, 2, 0, 3);
    ring.put(4, 3, 1);
    expect(ring.find()).to.deep.equal([2, 3]);
  });

  it("wraps: between entries and within one", () => {
    const ring = new Ring(16);
    ring.put(12, 8, 12, 2);
    ring.put(14, 9, 12, 4);
    ring.put(2, 10, 12);
    const sequence = findActiveSequence(ring.bytes, logGuid, MiB);
    expect(numbers(sequence)).to.deep.equal([8, 9, 10]);
    const [, middle] = sequence ?? [];
    expect(middle?.changes).to.have.length(3);
    for (const change of middle?.changes ?? []) {
      expect("data" in change && change.data.every((byte) => byte === 9)).to.equal(true);
    }
  });

  it("is the newest of several", () => {
    const ring = new Ring(16);
    ring.put(0, 20, 0);
    ring.put(4, 31, 4);
    ring.put(5, 32, 4);
    ring.put(9, 25, 9);
    expect(ring.find()).to.deep.equal([31, 32]);
  });

  it("ends where the numbers do not follow", () => {
    const ring = new Ring(16);
    ring.put(0, 5, 0);
    ring.put(1, 6, 0);
    ring.put(2, 9, 0);
    expect(ring.find()).to.deep.equal([5, 6]);
  });

  it("does without a head whose tail is gone", () => {
    const ring = new Ring(16);
    ring.put(3, 50, 1);
    ring.put(4, 51, 1);
    ring.put(8, 40, 8);
    expect(ring.find()).to.deep.equal([40]);
    const alone = new Ring(16);
    alone.put(3, 50, 1);
    expect(alone.find()).to.equal(undefined);
  });

  it("ends before a torn entry", () => {
    const ring = new Ring(16);
    ring.put(0, 5, 0, 2);
    ring.put(2, 6, 0, 4);
    ring.bytes.fill(0, 4 * SECTOR, 5 * SECTOR);
    expect(ring.find()).to.deep.equal([5]);
  });

  it("does not see entries of another log", () => {
    const ring = new Ring(16);
    ring.put(0, 5, 0);
    ring.put(1, 6, 0, 1, randomGuid());
    ring.put(8, 100, 8, 1, randomGuid());
    expect(ring.find()).to.deep.equal([5]);
  });

  it("fills the whole ring without going round for ever", () => {
    const ring = new Ring(8);
    for (let at = 0; at < 8; at++) ring.put(at, at + 1, 0);
    expect(ring.find()).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
    const one = new Ring(4);
    one.put(0, 1, 0, 4);
    expect(one.find()).to.deep.equal([1]);
  });

  it("finds what a writer left that went round any number of times", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(lengths, fc.nat(2), fc.nat(31), (sizes, keep, start) => {
        const ring = new Ring(32);
        let at = start;
        const places: number[] = [];
        sizes.forEach((size, index) => {
          places.push(at);
          const oldest = Math.max(0, index - keep);
          ring.put(at, index + 1, places[oldest]!, size);
          at = (at + size) % 32;
        });
        const last = sizes.length;
        const expected = Array.from(
          { length: Math.min(keep + 1, last) },
          (_, index) => last - Math.min(keep + 1, last) + 1 + index,
        );
        expect(ring.find()).to.deep.equal(expected);
      }),
    );
  });

  it("gives up on a ring made of damaged entries over one another", async () => {
    const ring = new Ring(256);
    ring.put(0, 1, 0);
    const head = Buffer.from(ring.bytes.subarray(0, SECTOR));
    head.writeUInt32LE(ring.bytes.length, 8);
    for (let at = 0; at < 256; at++) head.copy(ring.bytes, at * SECTOR);
    await expectVhdxError(
      Promise.resolve().then(() => ring.find()),
      "log",
      /damaged entries/,
    );
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(8 * SECTOR - 1), fc.nat(255)), { maxLength: 12 }), (edits) => {
        const ring = new Ring(8);
        ring.put(0, 1, 0, 2);
        ring.put(2, 2, 0, 3);
        for (const [at, byte] of edits) ring.bytes[at] = byte;
        const found = ring.find();
        expect(found === undefined || found.length <= 2).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });
});
