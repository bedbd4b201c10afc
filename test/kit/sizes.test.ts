import { expect } from "chai";
import fc from "fast-check";
import { formatSize, GiB, KiB, MiB, parseInt64, roundUp, TiB, toJsonSize } from "../../src/kit/sizes.ts";

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

describe("kit roundUp", () => {
  it("gives the smallest multiple that is not below", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n), fc.bigInt(1n, 2n ** 40n), (value, grain) => {
        const rounded = roundUp(value, grain);
        expect(rounded % grain).to.equal(0n);
        expect(rounded >= value && rounded - value < grain).to.equal(true);
        expect(roundUp(rounded, grain)).to.equal(rounded);
      }),
    );
  });
});

describe("kit parseInt64", () => {
  it("reads every 64-bit number", () => {
    fc.assert(
      fc.property(fc.bigInt(MIN, MAX), (value) => {
        expect(parseInt64(String(value))).to.equal(value);
      }),
    );
    for (const value of [0n, 1n, -1n, MAX, MIN, 2n ** 53n + 1n])
      expect(parseInt64(String(value))).to.equal(value);
  });

  it("reads none that does not fit", () => {
    fc.assert(
      fc.property(fc.bigInt(MAX + 1n, 2n ** 200n), (value) => {
        expect(parseInt64(String(value))).to.equal(undefined);
        expect(parseInt64(String(-value - 1n))).to.equal(undefined);
      }),
    );
    expect(parseInt64(String(MAX + 1n))).to.equal(undefined);
    expect(parseInt64(String(MIN - 1n))).to.equal(undefined);
  });

  for (const text of [
    "",
    " ",
    "-",
    "--1",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "1.0",
    "1e3",
    "0x10",
    "1_000",
    "1n",
    "١",
    "NaN",
    "8MiB",
    "9".repeat(10_000),
  ]) {
    it(`does not read ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(parseInt64(text)).to.equal(undefined);
    });
  }

  it("gives numbers that compare as numbers, not as text", () => {
    const texts = ["9663676416", "10737418240"];
    expect(texts.toSorted(), "as text").to.deep.equal(["10737418240", "9663676416"]);
    const [nine = 0n, ten = 0n] = texts.map(parseInt64);
    expect(nine < ten, "as numbers").to.equal(true);
  });
});

describe("kit toJsonSize", () => {
  it("loses nothing up to the largest volume", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 64n * TiB), (bytes) => {
        expect(BigInt(JSON.parse(JSON.stringify(toJsonSize(bytes))) as number)).to.equal(bytes);
      }),
    );
  });
});

describe("kit formatSize", () => {
  for (const [bytes, text] of [
    [0n, "0 B"],
    [1023n, "1023 B"],
    [KiB, "1 KiB"],
    [KiB + 511n, "1.4 KiB"],
    [MiB - 1n, "1023.9 KiB"],
    [6n * MiB, "6 MiB"],
    [(3n * GiB) / 2n, "1.5 GiB"],
    [10n * GiB - 1n, "9.9 GiB"],
    [64n * TiB, "64 TiB"],
    [2000n * TiB, "2000 TiB"],
  ] as const) {
    it(`writes ${bytes} as ${text}`, () => {
      expect(formatSize(bytes)).to.equal(text);
    });
  }

  it("never says more than there is", () => {
    const units: Readonly<Record<string, bigint>> = { B: 1n, KiB, MiB, GiB, TiB };
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 63n), (bytes) => {
        const [, whole = "", tenth = "0", unit = ""] =
          /^(\d+)(?:\.([1-9]))? (\w+)$/.exec(formatSize(bytes)) ?? [];
        const said = (BigInt(whole) * 10n + BigInt(tenth)) * units[unit]!;
        expect(said <= 10n * bytes).to.equal(true);
        expect(10n * bytes - said < units[unit]!).to.equal(true);
      }),
    );
  });
});
