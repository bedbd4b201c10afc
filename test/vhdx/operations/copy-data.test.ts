import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { copyData, type DataRange } from "../../../src/vhdx/operations/copy-data.ts";
import { rejection } from "../support/rejects.ts";

const SIZE = 9 << 20;

async function* of(ranges: readonly DataRange[]): AsyncGenerator<DataRange, void, undefined> {
  for (const range of ranges) {
    await setImmediate();
    yield range;
  }
}

/** Ranges in order: gaps and lengths by turns. */
const ranges = fc
  .array(fc.tuple(fc.nat(2 << 20), fc.integer({ min: 1, max: 5 << 20 })), { maxLength: 6 })
  .map((steps) => {
    let at = 0;
    return steps.flatMap(([gap, length]) => {
      const start = at + gap;
      at = start + length;
      return at <= SIZE ? [{ start, end: at }] : [];
    });
  });

describe("vhdx data copy", () => {
  it("copies the ranges, leaving out zeros and all else", async () => {
    const source = Buffer.alloc(SIZE);
    for (let at = 0; at < SIZE; at += 96 << 10) source.fill(at % 251, at, at + (48 << 10));
    await fc.assert(
      fc.asyncProperty(ranges, async (wanted) => {
        const target = Buffer.alloc(SIZE);
        let written = 0;
        const seen: number[] = [];
        const read = async (offset: number, part: Uint8Array) => {
          await setImmediate();
          part.set(source.subarray(offset, offset + part.length));
        };
        const write = (offset: number, data: Uint8Array) => {
          written += data.length;
          target.set(data, offset);
          return Promise.resolve();
        };
        await copyData(of(wanted), { read, write }, undefined, (position) => seen.push(position));
        const expected = Buffer.alloc(SIZE);
        for (const { start, end } of wanted) source.copy(expected, start, start, end);
        expect(target.equals(expected)).to.equal(true);
        expect(written).to.be.at.most(wanted.reduce((sum, { start, end }) => sum + end - start, 0));
        if (wanted.length > 0) expect(seen).to.include(wanted.at(-1)!.end);
      }),
      { numRuns: 40 },
    );
  });

  it("does not write runs of zeros", async () => {
    const writes: [number, number][] = [];
    const read = (offset: number, part: Uint8Array) => {
      part.fill(offset === 2 << 20 ? 1 : 0);
      return Promise.resolve();
    };
    const write = (offset: number, { length }: Uint8Array) => {
      writes.push([offset, length]);
      return Promise.resolve();
    };
    await copyData(of([{ start: 0, end: 6 << 20 }]), { read, write }, undefined, () => undefined);
    expect(writes).to.deep.equal([[2 << 20, 2 << 20]]);
  });

  it("ends with the first failure, when nothing is on its way any more", async () => {
    let running = 0;
    let reads = 0;
    const read = async () => {
      running += 1;
      reads += 1;
      await setImmediate();
      running -= 1;
      if (reads > 3) throw new Error("bad sector");
    };
    const ends = { read, write: () => Promise.resolve() };
    const error = await rejection(
      copyData(of([{ start: 0, end: 400 << 20 }]), ends, undefined, () => undefined),
    );
    expect(error).to.have.property("message", "bad sector");
    expect(running).to.equal(0);
    expect(reads).to.be.below(20);
  });

  it("stops at its signal", async () => {
    const abort = new AbortController();
    const read = () => {
      abort.abort(new Error("enough"));
      return Promise.resolve();
    };
    const ends = { read, write: () => Promise.resolve() };
    const error = await rejection(
      copyData(of([{ start: 0, end: 400 << 20 }]), ends, abort.signal, () => undefined),
    );
    expect(error).to.have.property("message", "enough");
  });
});
