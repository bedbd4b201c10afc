import { expect } from "chai";
import { isDeviceName } from "../../src/kit/windows-paths.ts";

describe("names of Windows' devices", () => {
  for (const name of [
    "con",
    "NUL",
    "nul.txt",
    "Aux .x.y",
    "com1",
    "LPT9.log",
    "com²",
    "CONIN$",
    "conout$.a",
    "prn ",
  ]) {
    it(`are known: ${JSON.stringify(name)}`, () => {
      expect(isDeviceName(name)).to.equal(true);
    });
  }

  for (const name of ["", "console", "com", "com10", "com1x", "a.con", "nul-1", " con", "conin", "lpt"]) {
    it(`are no others: ${JSON.stringify(name)}`, () => {
      expect(isDeviceName(name)).to.equal(false);
    });
  }
});
