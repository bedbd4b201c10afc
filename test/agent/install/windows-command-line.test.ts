import { expect } from "chai";
import fc from "fast-check";
import { windowsCommandLine } from "../../../src/agent/install/windows-command-line.ts";
import { splitCommandLine } from "../../support/split-command-line.ts";

describe("command lines of Windows", () => {
  it("are taken apart into what they were made of", () => {
    const awkward = fc.array(fc.constantFrom("\\", '"', " ", "\t", "a", "ü", "%", "$"), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(awkward.map((letters) => letters.join(""))), (args) => {
        expect(splitCommandLine(windowsCommandLine(args))).to.deep.equal(args);
      }),
      { numRuns: 2000 },
    );
  });

  for (const [args, line] of [
    [["create", "binPath=", "C:\\a b\\c.exe"], 'create binPath= "C:\\a b\\c.exe"'],
    [['"C:\\a b\\c.exe" --x "d e"'], '"\\"C:\\a b\\c.exe\\" --x \\"d e\\""'],
    [["C:\\dir with space\\"], '"C:\\dir with space\\\\"'],
    [["", "plain", "C:\\dir\\"], '"" plain C:\\dir\\'],
  ] as const) {
    it(`has ${line}`, () => {
      expect(windowsCommandLine(args)).to.equal(line);
    });
  }
});
