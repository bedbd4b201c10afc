import { expect } from "chai";
import fc from "fast-check";
import { readGrowth, readRange } from "../../src/controller/capacity-range.ts";
import { GiB, MiB, TiB } from "../../src/kit/sizes.ts";
import { thrownBy } from "../support/failure.ts";

const NO_LIMIT = 2n ** 63n - 1n;
const range = (required: bigint, limit = 0n) => ({
  required_bytes: String(required),
  limit_bytes: String(limit),
});

describe("controller capacity range", () => {
  it("of a new volume is 1 GiB and more when it is not set", () => {
    const expected = { required: GiB, limit: NO_LIMIT };
    expect(readRange(null)).to.deep.equal(expected);
    expect(readRange(range(0n))).to.deep.equal(expected);
  });

  it("compares sizes as numbers, not as text", () => {
    expect(readRange(range(9663676416n, 10737418240n))).to.deep.equal({
      required: 9663676416n,
      limit: 10737418240n,
    });
    const error = thrownBy(() => readRange(range(10737418240n, 9663676416n)));
    expect(error).to.include({ code: "OUT_OF_RANGE" });
    expect(error.message).to.contain("10737418240").and.to.contain("9663676416");
  });

  it("keeps what is asked for, up to the largest int64", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, NO_LIMIT), fc.bigInt(1n, NO_LIMIT), (one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        expect(readRange(range(low, high))).to.deep.equal({ required: low, limit: high });
        expect(readGrowth(range(low, high))).to.deep.equal({ required: low, limit: high });
        expect(readGrowth(range(low))).to.deep.equal({ required: low, limit: NO_LIMIT });
      }),
    );
  });

  it("asks for whole blocks within a limit that stands alone", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 64n * TiB), (limit) => {
        const { required } = readRange(range(0n, limit));
        expect(required <= limit && required <= GiB).to.equal(true);
        expect(required % (2n * MiB)).to.equal(0n);
        const growth = readGrowth(range(0n, limit)).required;
        expect(growth <= limit && growth > limit - 32n * MiB).to.equal(true);
        expect(growth % (limit < TiB ? 2n * MiB : 32n * MiB)).to.equal(0n);
      }),
    );
  });

  for (const [field, value] of [
    ["required_bytes", range(-1n)],
    ["limit_bytes", range(1n, -1n)],
    ["required_bytes", range(-(2n ** 63n))],
  ] as const) {
    it(`refuses a negative ${field}`, () => {
      for (const read of [readRange, readGrowth]) {
        const error = thrownBy(() => read(value));
        expect(error.code).to.equal("INVALID_ARGUMENT");
        expect(error.message).to.contain(field);
      }
    });
  }

  it("of an expansion must say how much", () => {
    expect(thrownBy(() => readGrowth(null)).code).to.equal("INVALID_ARGUMENT");
    expect(thrownBy(() => readGrowth(range(0n))).message).to.contain("required_bytes is missing");
  });
});
