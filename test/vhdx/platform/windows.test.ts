import { expect } from "chai";
import { VhdxError } from "../../../src/vhdx/error.ts";
import { refuseAttributes } from "../../../src/vhdx/platform/file-attributes.ts";
import { duplicateExtentsRequest } from "../../../src/vhdx/platform/windows-block-clone.ts";

describe("vhdx on Windows", () => {
  it("refuses sparse, compressed and encrypted files by name", () => {
    const attributes = { sparse: 0x200, compressed: 0x800, encrypted: 0x4000 };
    for (const [name, bit] of Object.entries(attributes)) {
      expect(() => {
        refuseAttributes(bit | 0x20);
      }).to.throw(VhdxError, new RegExp(`is ${name}.*0xC03A001A`));
    }
    // Archive, normal, not content indexed, reparse point.
    for (const bit of [0x20, 0x80, 0x2000, 0x400]) refuseAttributes(bit);
  });

  it("asks for a block clone as the structure says: handle, both offsets, length", () => {
    const request = duplicateExtentsRequest(0x1234n, 1n << 40n, 1n << 30n);
    expect(request.length).to.equal(32);
    expect([0, 8, 16, 24].map((at) => request.readBigInt64LE(at))).to.deep.equal([
      0x1234n,
      1n << 40n,
      1n << 40n,
      1n << 30n,
    ]);
  });
});
