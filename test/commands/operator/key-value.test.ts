import { InvalidArgumentError } from "commander";
import { expect } from "chai";
import fc from "fast-check";
import { collect, collectPair } from "../../../src/commands/operator/key-value.ts";

describe("operator's commands, KEY=VALUE", () => {
  const key = fc.oneof(
    fc.constantFrom("__proto__", "constructor", "toString", "a"),
    fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("=")),
  );

  it("gives back what was put together, the last of each key", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.string({ unit: "binary" })), { minLength: 1 }), (pairs) => {
        const collected = pairs.reduce<Record<string, string> | undefined>(
          (before, [name, value]) => collectPair(`${name}=${value}`, before),
          undefined,
        );
        expect(new Map(Object.entries(collected ?? {}))).to.deep.equal(new Map(pairs));
        expect(Object.getPrototypeOf(collected)).to.equal(Object.prototype);
      }),
    );
  });

  it("leaves what was collected before alone", () => {
    const before = { a: "1" };
    expect(collectPair("b=2", before)).to.deep.equal({ a: "1", b: "2" });
    expect(before).to.deep.equal({ a: "1" });
    const list = ["a"];
    expect(collect("b", list)).to.deep.equal(["a", "b"]);
    expect(list).to.deep.equal(["a"]);
  });

  it("refuses any text without a key", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string().filter((text) => !text.includes("=")),
          fc.string().map((text) => `=${text}`),
        ),
        (text) => {
          expect(() => collectPair(text)).to.throw(InvalidArgumentError, "KEY=VALUE");
        },
      ),
    );
  });
});
