import { expect } from "chai";
import fc from "fast-check";
import { differences } from "../../../src/vhdx/operations/differences.ts";

const SECTORS = 200;
const LENGTH = SECTORS * 512;

/** What a plain loop over the sectors says. */
function expected(one: Buffer, other: Buffer): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (let at = 0; at < LENGTH; at += 512) {
    if (one.subarray(at, at + 512).equals(other.subarray(at, at + 512))) continue;
    const last = found.at(-1);
    if (last?.end === at) last.end = at + 512;
    else found.push({ start: at, end: at + 512 });
  }
  return found;
}

const edits = fc.array(fc.tuple(fc.nat(LENGTH - 1), fc.integer({ min: 1, max: 255 })), { maxLength: 30 });

describe("vhdx differences", () => {
  it("are the sectors that differ, joined", () => {
    fc.assert(
      fc.property(edits, (changes) => {
        const one = Buffer.alloc(LENGTH, 3);
        const other = Buffer.from(one);
        for (const [at, by] of changes) other[at] = 3 ^ by;
        expect([...differences(one, other)]).to.deep.equal(expected(one, other));
      }),
    );
  });

  it("are found against zeros on either side", () => {
    fc.assert(
      fc.property(edits, (changes) => {
        const zeros = Buffer.alloc(LENGTH);
        const data = Buffer.alloc(LENGTH);
        for (const [at, byte] of changes) data[at] = byte;
        expect([...differences(LENGTH, data)]).to.deep.equal(expected(zeros, data));
        expect([...differences(data, LENGTH)]).to.deep.equal(expected(zeros, data));
      }),
    );
  });
});
