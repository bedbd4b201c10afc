import { expect } from "chai";
import fc from "fast-check";
import { bytesOf, countOf, flagOf, pairsOf, parseQuery } from "../../../src/agent/rest/query.ts";
import { StatusError } from "../../../src/kit/errors.ts";

/** What a reader makes of a text; undefined when it refuses it as an argument. Anything else it throws is a bug. */
function read<T>(reader: () => T): T | undefined {
  try {
    return reader();
  } catch (error) {
    expect(error).to.be.instanceOf(StatusError);
    expect((error as StatusError).code).to.equal("INVALID_ARGUMENT");
    return undefined;
  }
}

const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[-+.eE0-9xX ]{0,22}$/));

describe("rest query", () => {
  it("has every parameter under its name in lower case, whatever the name", () => {
    const pairs = fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })));
    fc.assert(
      fc.property(pairs, (list) => {
        const parsed = parseQuery(new URLSearchParams(list).toString());
        const names = new Set(list.map(([name]) => name.toLowerCase()));
        expect(new Set(Object.keys(parsed))).to.deep.equal(names);
        for (const name of names) {
          const values = list.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value);
          expect([parsed[name]].flat(), name).to.deep.equal(values);
        }
      }),
    );
  });

  it("names that are objects' own change nothing else", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(Object.entries(parseQuery(`${name}=x&a=1`))).to.deep.equal([
        [name.toLowerCase(), "x"],
        ["a", "1"],
      ]);
    }
    expect(({} as Record<string, unknown>)["x"]).to.equal(undefined);
  });

  it("sizes are whole numbers below 2^63, exactly as written, or refused", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (size) => {
        expect(bytesOf("size", String(size))).to.equal(size);
      }),
    );
    fc.assert(
      fc.property(text, (written) => {
        const size = read(() => bytesOf("size", written));
        if (size !== undefined) expect(written).to.match(/^-?\d{1,19}$/);
      }),
    );
    for (const large of [2n ** 63n, 2n ** 64n, 10n ** 30n])
      expect(read(() => bytesOf("size", String(large)))).to.equal(undefined);
  });

  it("counts and flags are what they look like, or refused", () => {
    fc.assert(
      fc.property(text, (written) => {
        const count = read(() => countOf("maxEntries", written));
        if (count !== undefined && written !== "")
          expect(count).to.equal(Number(written)).and.to.be.within(0, 999_999_999);
        const flag = read(() => flagOf("readonly", written));
        if (flag !== undefined) expect(String(flag)).to.equal(written);
      }),
    );
  });

  it("pairs keep everything behind the first equals sign", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (key, value) => {
        const pairs = read(() => pairsOf("label", [`${key}=${value}`]));
        const at = `${key}=${value}`.indexOf("=");
        if (at === 0) expect(pairs).to.equal(undefined);
        else
          expect(Object.entries(pairs!)).to.deep.equal([
            [`${key}=${value}`.slice(0, at), `${key}=${value}`.slice(at + 1)],
          ]);
      }),
    );
  });
});
