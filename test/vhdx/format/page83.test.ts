import { expect } from "chai";
import fc from "fast-check";
import { scsiPage83 } from "../../../src/vhdx/format/page83.ts";

describe("vhdx page 83", () => {
  it("keeps the stored first six bytes and the last six", () => {
    expect(scsiPage83("00112233-4455-6677-8899-aabbccddeeff")).to.equal(
      "600224803322110055" + "44aabbccddeeff",
    );
  });

  it("is 32 lower-case hex digits behind Microsoft's prefix", () => {
    fc.assert(
      fc.property(fc.uuid(), (guid) => {
        expect(scsiPage83(guid)).to.match(/^60022480[\da-f]{24}$/);
      }),
    );
  });

  it("does not depend on the spelling", () => {
    fc.assert(
      fc.property(fc.uuid(), (guid) => {
        expect(scsiPage83(guid.toUpperCase())).to.equal(scsiPage83(guid));
      }),
    );
  });

  it("differs where the GUIDs differ in a part that is kept", () => {
    const one = scsiPage83("00000000-0000-4000-8000-000000000001");
    expect(scsiPage83("00000000-0000-4000-8000-000000000002")).not.to.equal(one);
    expect(scsiPage83("00000001-0000-4000-8000-000000000001")).not.to.equal(one);
  });

  it("refuses what is no GUID", () => {
    expect(() => scsiPage83("disk")).to.throw(RangeError);
  });
});
