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

/** An item with these texts, whatever they are. */
function itemOf(...texts: (readonly [key: string, value: string])[]): Buffer {
  const head = Buffer.alloc(20 + 12 * texts.length);
  sample.copy(head, 0, 0, 18);
  head.writeUInt16LE(texts.length, 18);
  const parts = texts.flat().map((text) => Buffer.from(text, "utf16le"));
  let end = head.length;
  parts.forEach((part, index) => {
    const entry = 20 + 12 * Math.floor(index / 2);
    head.writeUInt32LE(end, entry + 4 * (index % 2));
    head.writeUInt16LE(part.length, entry + 8 + 2 * (index % 2));
    end += part.length;
  });
  return Buffer.concat([head, ...parts]);
}

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
    const linkage = "ABCDEF01-2345-6789-ABCD-EF0123456789";
    const expected = { linkage: linkage.toLowerCase() };
    const both = encodeParentLocator({ linkage, linkage2: ZERO_GUID });
    expect(decodeParentLocator(both, 0n)).to.deep.equal(expected);
    for (const spelling of [linkage, `{${linkage}}`, linkage.toLowerCase()]) {
      expect(decodeParentLocator(itemOf(["parent_linkage", spelling]), 0n)).to.deep.equal(expected);
    }
  });

  it("ignores keys nobody knows, even twice, and paths without a text", () => {
    const linkage = randomGuid();
    const item = itemOf(
      ["Parent_Linkage", "nonsense"],
      ["other", "a\0b"],
      ["parent_linkage", linkage],
      ["other", ""],
      ["x".repeat(500), "y"],
      ["relative_path", ""],
    );
    expect(decodeParentLocator(item, 0n)).to.deep.equal({ linkage });
  });

  it("takes the memory of its five texts, however many overlapping ones an item claims", () => {
    const count = 65535;
    const texts = 20 + 12 * count;
    const item = Buffer.alloc(1 << 20, "text");
    sample.copy(item, 0, 0, 18);
    item.writeUInt16LE(count, 18);
    for (let index = 0; index < count; index++) {
      const entry = 20 + 12 * index;
      item.writeUInt32LE(texts + 2 * index, entry);
      item.writeUInt32LE(texts + 2 * index, entry + 4);
      item.writeUInt32LE(0xfffefffe, entry + 8);
    }
    const before = process.memoryUsage().heapUsed;
    expectRefused(item, /parent_linkage is missing/);
    expect(process.memoryUsage().heapUsed - before).to.be.below(64 << 20);
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
    odd.writeUInt16LE(3, 30);
    expectRefused(odd, /half a UTF-16 unit/, 1030n);
    const last = Buffer.from(sample);
    last.writeUInt16LE(last.readUInt16LE(42) + 2, 42);
    expectRefused(last, /out of place/, 1036n);
  });

  it("is refused without a linkage, with one that is no GUID, with a key twice, with a NUL in a path", () => {
    const linkage = randomGuid();
    expectRefused(itemOf(["relative_path", "x"]), /parent_linkage is missing/, 1020n);
    for (const text of ["nonsense", "", `{${linkage}`, `{{${linkage}}}`, `${linkage}\n`]) {
      expectRefused(itemOf(["parent_linkage", text]), /parent_linkage is not a GUID/, 1060n);
    }
    expectRefused(
      itemOf(["parent_linkage", linkage], ["parent_linkage2", "{}"]),
      /parent_linkage2 is not a GUID/,
    );
    expectRefused(
      itemOf(["parent_linkage", linkage], ["parent_linkage", linkage]),
      /parent_linkage appears twice/,
      1032n,
    );
    for (const key of ["relative_path", "volume_path", "absolute_win32_path"]) {
      expectRefused(itemOf(["parent_linkage", linkage], [key, "a\0b"]), new RegExp(`${key} has a NUL`));
    }
  });

  it("is not made of what could not be read again", () => {
    const linkage = randomGuid();
    expect(() => encodeParentLocator({ linkage: "nonsense" })).to.throw(RangeError, /not a GUID/);
    expect(() => encodeParentLocator({ linkage, linkage2: "" })).to.throw(RangeError, /not a GUID/);
    expect(() => encodeParentLocator({ linkage, relativePath: "a\0b" })).to.throw(RangeError, /NUL/);
    expect(() => encodeParentLocator({ linkage, volumePath: "" })).to.throw(RangeError, /empty/);
    const longest = { linkage, absolutePath: "x".repeat(32_767) };
    expect(decodeParentLocator(encodeParentLocator(longest), 0n)).to.deep.equal(longest);
    expect(() => encodeParentLocator({ linkage, absolutePath: "x".repeat(32_768) })).to.throw(
      RangeError,
      /at most 32,767/,
    );
  });

  /** Whether the bytes are a locator; anything but a VhdxError gets through. */
  function isAccepted(bytes: Buffer): boolean {
    try {
      expect(decodeParentLocator(bytes, 0n).linkage).to.match(/^[\da-f-]{36}$/);
      return true;
    } catch (error) {
      expect(error).to.be.instanceOf(VhdxError);
      return false;
    }
  }

  it("that was changed here and there is a value or refused", () => {
    const mutation = fc.tuple(fc.nat(sample.length - 1), fc.nat(255));
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        const bytes = Buffer.from(sample);
        for (const [at, byte] of mutations) bytes[at] = byte;
        accepted += Number(isAccepted(bytes));
      }),
      { numRuns: 2000 },
    );
    expect(accepted).to.be.within(1, 1999);
  });

  it("of random bytes, alone or behind a right type, is a value or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (random, typed) => {
        isAccepted(typed ? Buffer.concat([sample.subarray(0, 18), random]) : Buffer.from(random));
      }),
      { numRuns: 2000 },
    );
  });
});
