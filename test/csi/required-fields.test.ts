import { expect } from "chai";
import { requireFields } from "../../src/csi/required-fields.ts";
import { thrownBy } from "../support/failure.ts";

describe("csi required fields", () => {
  for (const [what, unset] of [
    ["an empty text", ""],
    ["null", null],
    ["undefined", undefined],
    ["an empty list", []],
  ] as const) {
    it(`miss what is ${what}`, () => {
      const error = thrownBy(() => {
        requireFields({ volume_id: unset }, "volume_id");
      });
      expect(error).to.include({ code: "INVALID_ARGUMENT", message: "volume_id is missing" });
    });
  }

  it("are there when they have any value", () => {
    requireFields({ a: " ", b: 0, c: false, d: {}, e: [0], f: "x" }, "a", "b", "c", "d", "e", "f");
  });

  it("are told by the first that is missing, and others are not looked at", () => {
    const request = { a: "x", b: "", c: "", d: "" };
    const error = thrownBy(() => {
      requireFields(request, "a", "c", "b");
    });
    expect(error.message).to.equal("c is missing");
    requireFields(request, "a");
  });
});
