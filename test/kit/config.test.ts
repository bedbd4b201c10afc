import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { isMapping, readConfigFile, readTextFile } from "../../src/kit/config.ts";
import { StatusError } from "../../src/kit/errors.ts";
import { rejection } from "../support/failure.ts";
import { refused } from "../support/refused.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("kit config", () => {
  const path = temporaryDirectory();

  async function read(text: string): Promise<unknown> {
    await writeFile(path("file.yaml"), text);
    return await readConfigFile(path("file.yaml"));
  }

  it("reads YAML and JSON as plain data", async () => {
    expect(await read("a: [1, text]\nb: {c: null}\n")).to.deep.equal({ a: [1, "text"], b: { c: null } });
    expect(await read('{"a": [true]}')).to.deep.equal({ a: [true] });
  });

  it("names file and line of what it can't parse", async () => {
    await refused(read("a: 1\nb: 2\nc: [1,\n"), "INVALID_ARGUMENT", /file\.yaml:[34]: /);
    await refused(read("a: 1\na: 2\n"), "INVALID_ARGUMENT", "file.yaml:2: ");
  });

  it("refuses a few lines that stand for gigabytes", async () => {
    const levels = "bcdefghij".split("");
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    levels.forEach((level, index) => {
      const below = index === 0 ? "a" : levels[index - 1];
      bomb.push(`${level}: &${level} [${Array(9).fill(`*${below}`).join(", ")}]`);
    });
    await refused(read(bomb.join("\n")), "INVALID_ARGUMENT", "file.yaml: ");
  });

  it("reads any text or says what is wrong with it, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        const error = await read(text).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error === undefined) return;
        expect(error).to.be.instanceOf(StatusError).with.property("code", "INVALID_ARGUMENT");
      }),
      { numRuns: 300 },
    );
  });

  it("names a file that it can't read", async () => {
    await refused(readTextFile(path("absent")), "INVALID_ARGUMENT", path("absent"));
    expect(await rejection(readConfigFile(path("absent")))).to.be.instanceOf(StatusError);
  });

  it("tells mappings from all else", () => {
    for (const value of [null, undefined, 1, "a", [], [{}]]) expect(isMapping(value)).to.equal(false);
    expect(isMapping({})).to.equal(true);
  });
});
