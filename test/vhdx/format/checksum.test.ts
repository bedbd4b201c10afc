import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { hasValidChecksum, writeChecksum } from "../../../src/vhdx/format/checksum.ts";
import { crc32c } from "../../../src/vhdx/format/crc32c.ts";

/** The definition: the whole structure hashed with the field zero. */
function plainChecksum(structure: Buffer): number {
  const copy = Buffer.from(structure);
  copy.writeUInt32LE(0, 4);
  return crc32c(copy);
}

describe("vhdx checksum", () => {
  it("is the CRC of the structure with the field zero", () => {
    for (const size of [4096, 8192, 65536]) {
      const structure = randomBytes(size);
      writeChecksum(structure, size);
      expect(structure.readUInt32LE(4)).to.equal(plainChecksum(structure));
      expect(hasValidChecksum(structure)).to.equal(true);
    }
  });

  it("does not depend on what the field held before", () => {
    const structure = randomBytes(4096);
    writeChecksum(structure, 4096);
    const first = structure.readUInt32LE(4);
    structure.writeUInt32LE(0x12345678, 4);
    writeChecksum(structure, 4096);
    expect(structure.readUInt32LE(4)).to.equal(first);
  });

  it("covers zeros that are not in memory", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 120 }),
        fc.constantFrom(4096, 65536),
        (raw, size) => {
          const start = Buffer.from(raw);
          writeChecksum(start, size);
          const whole = Buffer.alloc(size);
          start.copy(whole);
          expect(whole.readUInt32LE(4)).to.equal(plainChecksum(whole));
          expect(hasValidChecksum(whole)).to.equal(true);
        },
      ),
    );
  });

  it("covers every byte: any flipped bit is noticed", () => {
    const structure = Buffer.alloc(65536);
    structure.write("regi");
    structure[40000] = 7;
    writeChecksum(structure, structure.length);
    fc.assert(
      fc.property(fc.nat(65535), fc.nat(7), (at, bit) => {
        structure[at]! ^= 1 << bit;
        expect(hasValidChecksum(structure), `bit ${bit} of byte ${at}`).to.equal(false);
        structure[at]! ^= 1 << bit;
      }),
    );
    expect(hasValidChecksum(structure)).to.equal(true);
  });

  it("accepts an empty structure only with the right sum", () => {
    const structure = Buffer.alloc(4096);
    expect(hasValidChecksum(structure)).to.equal(false);
    writeChecksum(structure, 4096);
    expect(hasValidChecksum(structure)).to.equal(true);
  });
});
