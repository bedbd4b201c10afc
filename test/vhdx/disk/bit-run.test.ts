import { expect } from "chai";
import fc from "fast-check";
import { bitRun, fillBits } from "../../../src/vhdx/disk/bit-run.ts";

/** A view of so many bytes whose bits are those of the text. */
function viewOf(bits: readonly boolean[]): DataView {
  const view = new DataView(new ArrayBuffer(Math.ceil(bits.length / 8)));
  bits.forEach((set, bit) => {
    if (set) view.setUint8(bit >> 3, view.getUint8(bit >> 3) | (1 << (bit & 7)));
  });
  return view;
}

const runs = fc
  .array(fc.record({ set: fc.boolean(), count: fc.integer({ min: 1, max: 40 }) }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((parts) => parts.flatMap(({ set, count }) => Array.from({ length: count }, () => set)));

describe("vhdx bit runs", () => {
  it("are as long as the bits are equal, within limit and view", () => {
    fc.assert(
      fc.property(runs, fc.nat(), fc.integer({ min: 1, max: 900 }), (bits, from, limit) => {
        while (bits.length % 8 !== 0) bits.push(false);
        const first = from % bits.length;
        const { set, count } = bitRun(viewOf(bits), first, limit);
        const expected = bits.slice(first, first + limit).findIndex((bit) => bit !== bits[first]);
        expect(set).to.equal(bits[first]);
        expect(count).to.equal(expected < 0 ? Math.min(limit, bits.length - first) : expected);
      }),
    );
  });

  it("start at the lowest bit of a byte", () => {
    const view = new DataView(new Uint8Array([0b0000_0111, 0xff, 0x00]).buffer);
    expect(bitRun(view, 0, 100)).to.deep.equal({ set: true, count: 3 });
    expect(bitRun(view, 3, 100)).to.deep.equal({ set: false, count: 5 });
    expect(bitRun(view, 8, 100)).to.deep.equal({ set: true, count: 8 });
  });

  it("are filled exactly", () => {
    fc.assert(
      fc.property(runs, fc.nat(), fc.nat(), fc.boolean(), (bits, from, length, set) => {
        const first = from % bits.length;
        const count = Math.min(length % 70, bits.length - first);
        const view = viewOf(bits);
        fillBits(view, first, count, set);
        const expected = viewOf(bits.map((bit, at) => (at >= first && at < first + count ? set : bit)));
        expect(new Uint8Array(view.buffer)).to.deep.equal(new Uint8Array(expected.buffer));
      }),
    );
  });
});
