import { expect } from "chai";
import fc from "fast-check";
import { VhdxError } from "../../../src/vhdx/error.ts";
import {
  decodeParentLocator,
  encodeParentLocator,
  type ParentLocator,
} from "../../../src/vhdx/format/parent-locator.ts";
import { randomGuid, ZERO_GUID } from "../../../src/vhdx/format/guid.ts";

const path = fc.string({ minLength: 1, maxLength: 60 }).filter((text) => !text.includes("\0"));
const locators: fc.Arbitrary<ParentLocator> = fc
  .record(
    {
      linkage: fc.uuid(),
      linkage2: fc.uuid(),
      relativePath: path,
      volumePath: path,
      absolutePath: path,
    },
    { requiredKeys: ["linkage"] },
  )
  .map((locator) => locator as ParentLocator);

const sample = encodeParentLocator({ linkage: randomGuid(), relativePath: ".\\base.vhdx" });

function expectRefused(bytes: Buffer, message: RegExp, offset?: bigint): void {
  let thrown: unknown;
  try {
    decodeParentLocator(bytes, 1000n);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).to.be.instanceOf(VhdxError);
  const error = thrown as VhdxError;
  expect(error.structure).to.equal("parent locator");
  expect(error.message).to.match(message);
  if (offset !== undefined) expect(error.offset).to.equal(offset);
}

describe("vhdx parent locator", () => {
  it("round-trips", () => {
    fc.assert(
      fc.property(locators, (locator) => {
        expect(decodeParentLocator(encodeParentLocator(locator), 0n)).to.deep.equal(locator);
      }),
    );
  });

  it("lies in the file as Windows writes it", () => {
    const linkage = "01234567-89ab-cdef-0123-456789abcdef";
    const bytes = encodeParentLocator({ linkage, relativePath: ".\\base.avhdx" });
    expect(bytes.toString("hex", 0, 16)).to.equal("b7ef4ab09ed1814ab78925b8e9445913");
    expect(bytes.readUInt16LE(18)).to.equal(2);
    const text = (at: number) => {
      const offset = bytes.readUInt32LE(at);
      return bytes.toString(
        "utf16le",
        offset,
        offset + bytes.readUInt16LE(at === 20 || at === 32 ? at + 8 : at + 6),
      );
    };
    expect([text(20), text(24)]).to.deep.equal(["parent_linkage", `{${linkage}}`]);
    expect([text(32), text(36)]).to.deep.equal(["relative_path", ".\\base.avhdx"]);
  });

  it("takes GUIDs of any spelling and drops a zero second linkage", () => {
    const bytes = encodeParentLocator({
      linkage: "ABCDEF01-2345-6789-ABCD-EF0123456789",
      linkage2: ZERO_GUID,
    });
    expect(decodeParentLocator(bytes, 0n)).to.deep.equal({ linkage: "abcdef01-2345-6789-abcd-ef0123456789" });
  });

  it("is refused when it is short, of another type, or has more entries than bytes", () => {
    expectRefused(sample.subarray(0, 19), /too few/);
    const other = Buffer.from(sample);
    other[0]! ^= 1;
    expectRefused(other, /its type/);
    const crowded = Buffer.from(sample);
    crowded.writeUInt16LE(0xffff, 18);
    expectRefused(crowded, /65535 entries/, 1018n);
  });

  it("is refused when a text is out of place", () => {
    const outside = Buffer.from(sample);
    outside.writeUInt32LE(0xfffffff0, 24);
    expectRefused(outside, /out of place/, 1024n);
    const odd = Buffer.from(sample);
    odd.writeUInt16LE(3, 28);
    expectRefused(odd, /out of place/);
  });

  it("is refused without a linkage, with one that is no GUID, with a key twice, with a NUL in a path", () => {
    const renamed = Buffer.from(sample);
    renamed.write("x", renamed.readUInt32LE(20), "utf16le");
    expectRefused(renamed, /parent_linkage is missing/);
    expectRefused(encodeParentLocator({ linkage: "nonsense" }), /not a GUID/);
    const twice = Buffer.from(sample);
    twice.copy(twice, 32, 20, 24);
    twice.writeUInt16LE(twice.readUInt16LE(28), 40);
    expectRefused(twice, /appears twice/);
    expectRefused(encodeParentLocator({ linkage: randomGuid(), relativePath: "a\0b" }), /NUL/);
  });

  it("of random bytes is a value or refused", () => {
    const mutation = fc.tuple(fc.nat(sample.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        const bytes = Buffer.from(sample);
        for (const [at, byte] of mutations) bytes[at] = byte;
        try {
          expect(decodeParentLocator(bytes, 0n).linkage).to.match(/^[\da-f-]{36}$/);
        } catch (error) {
          expect(error).to.be.instanceOf(VhdxError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
