import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { CRC_START, crc32c, crcBytes, crcValue, crcZeros } from "../../../src/vhdx/format/crc32c.ts";

/** One bit at a time: slow and plain. */
function bitwise(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

describe("vhdx crc32c", () => {
  // RFC 3720 B.4 and the usual check value.
  const vectors: [string, Buffer, number][] = [
    ["nothing", Buffer.alloc(0), 0],
    ["123456789", Buffer.from("123456789"), 0xe3069283],
    ["32 zeros", Buffer.alloc(32), 0x8a9136aa],
    ["32 ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
    ["32 rising", Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    ["32 falling", Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c],
  ];
  for (const [name, data, expected] of vectors) {
    it(`hashes ${name}`, () => {
      expect(crc32c(data)).to.equal(expected);
    });
  }

  it("agrees with the bitwise definition for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (data) => {
        expect(crc32c(data)).to.equal(bitwise(data));
      }),
    );
  });

  it("agrees with it for 4 KiB and 64 KiB and a few bytes more", () => {
    for (const length of [4095, 4096, 4097, 65536, 65543]) {
      const data = randomBytes(length);
      expect(crc32c(data), `${length} bytes`).to.equal(bitwise(data));
    }
  });

  it("hashes in pieces, wherever the cuts are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), fc.nat(80), (data, one, other) => {
        const cuts = [Math.min(one, data.length), Math.min(other, data.length)].sort((a, b) => a - b);
        let state = CRC_START;
        let from = 0;
        for (const to of [...cuts, data.length]) {
          state = crcBytes(state, data, from, to);
          from = to;
        }
        expect(crcValue(state)).to.equal(crc32c(data));
      }),
    );
  });

  it("hashes a part of a buffer that does not start at its memory's start", () => {
    const whole = Buffer.from("..123456789..");
    expect(crc32c(whole.subarray(2, 11))).to.equal(0xe3069283);
  });

  it("skips zeros as if it had read them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(3000), (data, count) => {
        const state = crcBytes(CRC_START, data, 0, data.length);
        const padded = new Uint8Array(data.length + count);
        padded.set(data);
        expect(crcValue(crcZeros(state, count))).to.equal(crc32c(padded));
      }),
    );
  });

  it("skips runs of any 32-bit length", () => {
    const half = crcZeros(crcZeros(CRC_START, 2 ** 30), 2 ** 30);
    expect(crcZeros(CRC_START, 2 ** 31) >>> 0).to.equal(half >>> 0);
    expect(crcZeros(CRC_START, 2 ** 32 - 1) >>> 0).to.equal(crcZeros(crcZeros(half, 2 ** 31 - 1), 0) >>> 0);
    expect(crcZeros(CRC_START, 0) >>> 0).to.equal(CRC_START);
  });
});
