import { expect } from "chai";
import fc from "fast-check";
import { parse } from "yaml";
import { toJson } from "../../../src/commands/terminal/json.ts";
import { toYaml } from "../../../src/commands/terminal/yaml.ts";

const unseen = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const fromJson = (printed: string) => JSON.parse(printed) as unknown;
const fromYaml = (printed: string) => parse(printed) as unknown;

describe("documents for programs", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "\u001b[31m",
      "\u009b2J",
      "\u202e",
      "\u{e0041}",
      "\u2028",
      "a\u007fb",
      "two\nlines\n",
      "true",
      "1e3",
      "- a",
      "~",
      "",
    ),
  );
  const document = fc.array(
    fc.record({
      name: text,
      size: fc.maxSafeNat(),
      labels: fc.dictionary(text, text),
      none: fc.constant(null),
      long: fc.string({ minLength: 90, maxLength: 200 }),
    }),
  );

  it("steer no terminal, and say the same to a program", () => {
    fc.assert(
      fc.property(document, (items) => {
        const plain = JSON.parse(JSON.stringify(items)) as unknown;
        for (const [printed, read] of [
          [toJson(items), fromJson],
          [toJson(items, 0), fromJson],
          [toYaml(items), fromYaml],
        ] as const) {
          expect(printed).not.to.match(unseen);
          expect(read(printed)).to.deep.equal(plain);
        }
      }),
    );
  });

  it("are written for people, too", () => {
    const item = { name: "Grüße 🙂", note: "two\nlines", long: "word ".repeat(40).trim() };
    expect(toYaml([item])).to.equal(
      `- name: Grüße 🙂\n  note: |-\n    two\n    lines\n  long: ${item.long}\n`,
    );
    expect(toYaml([])).to.equal("[]\n");
    expect(toJson({ a: "\u009b\u202e\u{e0041}ü", b: 1n << 46n })).to.equal(
      '{\n  "a": "\\u009b\\u202e\\udb40\\udc41ü",\n  "b": 70368744177664\n}',
    );
  });

  it("repeat what stands twice instead of naming it", () => {
    const labels = { a: "b" };
    expect(toYaml([{ labels }, { labels }])).to.equal("- labels:\n    a: b\n- labels:\n    a: b\n");
  });
});
