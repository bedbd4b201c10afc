import { expect } from "chai";
import fc from "fast-check";
import {
  guidBytes,
  normalizeGuid,
  randomGuid,
  readGuid,
  writeGuid,
  ZERO_GUID,
} from "../../../src/vhdx/format/guid.ts";

describe("vhdx guid", () => {
  it("stores the first three fields little-endian and the rest as written", () => {
    const bytes = guidBytes("00112233-4455-6677-8899-aabbccddeeff");
    expect(bytes.toString("hex")).to.equal("33221100554477668899aabbccddeeff");
  });

  it("reads the block table's region id from the bytes Windows writes", () => {
    const bytes = Buffer.from("6677c22d23f600429d64115e9bfd4a08", "hex");
    expect(readGuid(bytes, 0)).to.equal("2dc27766-f623-4200-9d64-115e9bfd4a08");
  });

  it("round-trips any GUID at any offset and touches only its 16 bytes", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(40), (guid, offset) => {
        const bytes = Buffer.alloc(60, 0xee);
        writeGuid(bytes, offset, guid);
        expect(readGuid(bytes, offset)).to.equal(guid);
        const rest = Buffer.concat([bytes.subarray(0, offset), bytes.subarray(offset + 16)]);
        expect(rest.every((byte) => byte === 0xee)).to.equal(true);
      }),
    );
  });

  it("round-trips any 16 bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (raw) => {
        const bytes = Buffer.from(raw);
        expect(guidBytes(readGuid(bytes, 0)).equals(bytes)).to.equal(true);
      }),
    );
  });

  it("spells in lower case whatever it is given", () => {
    expect(normalizeGuid("2DC27766-F623-4200-9D64-115E9BFD4A08")).to.equal(
      "2dc27766-f623-4200-9d64-115e9bfd4a08",
    );
    expect(
      guidBytes("ABCDEF01-0000-0000-0000-000000000000").equals(
        guidBytes("abcdef01-0000-0000-0000-000000000000"),
      ),
    ).to.equal(true);
  });

  for (const text of [
    "",
    "not a guid",
    "{2dc27766-f623-4200-9d64-115e9bfd4a08}",
    "2dc27766f62342009d64115e9bfd4a08",
    "2dc27766-f623-4200-9d64-115e9bfd4a0",
    "2dc27766-f623-4200-9d64-115e9bfd4a08\n",
    "2dc27766-f623-4200-9d64-115e9bfd4a0g",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => normalizeGuid(text)).to.throw(RangeError, "not a GUID");
    });
  }

  it("makes random version 4 GUIDs", () => {
    const made = new Set(Array.from({ length: 100 }, randomGuid));
    expect(made.size).to.equal(100);
    for (const guid of made)
      expect(guid).to.match(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  it("knows zero", () => {
    expect(guidBytes(ZERO_GUID).equals(Buffer.alloc(16))).to.equal(true);
  });
});
