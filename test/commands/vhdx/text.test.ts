import { expect } from "chai";
import fc from "fast-check";
import { toJson } from "../../../src/commands/terminal/json.ts";
import { barText } from "../../../src/commands/terminal/progress-bar.ts";
import { messageOf } from "../../../src/commands/terminal/run-tool.ts";
import { readSize } from "../../../src/commands/terminal/size-option.ts";
import { formatTable } from "../../../src/commands/terminal/table.ts";

describe("hyperv-csi vhdx, sizes", () => {
  it("are bytes or binary units, in any spelling that people use", () => {
    const units: [string, bigint][] = [
      ["", 1n],
      ["K", 1n << 10n],
      ["m", 1n << 20n],
      ["GiB", 1n << 30n],
      ["TB", 1n << 40n],
    ];
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 50n), fc.constantFrom(...units), (count, [unit, bytes]) => {
        expect(readSize(`${count}${unit}`)).to.equal(count * bytes);
      }),
    );
  });

  it("are refused when they are anything else", () => {
    for (const text of ["", "0", "0G", "-1", "1.5G", "G", "10P", "1 G", "1e9", "0x10", "9".repeat(30)]) {
      expect(() => readSize(text), text).to.throw(/whole number/);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!/^\d{1,18}[kmgt]?(ib|b)?$/i.test(text)) expect(() => readSize(text)).to.throw();
      }),
    );
  });
});

describe("hyperv-csi vhdx, text", () => {
  it("aligns columns", () => {
    const rows = [
      ["NAME", "BYTES"],
      ["a", "5"],
      ["longer", "12345"],
    ];
    expect(formatTable(rows, [1])).to.equal("NAME    BYTES\na           5\nlonger  12345\n");
  });

  it("draws progress between nothing and everything", () => {
    expect(barText(0n, 100n, 0)).to.match(/^\[> {29}\] {3}0 % {2}0 B of 100 B/);
    expect(barText(50n, 100n, 1)).to.match(
      /^\[={15}> {14}\] {2}50 % {2}50 B of 100 B {2}50 B\/s {2}1 s left$/,
    );
    expect(barText(100n, 100n, 1)).to.match(/^\[={30}\] 100 %/);
    fc.assert(
      fc.property(
        fc.bigInt(0n, 2n ** 46n),
        fc.bigInt(0n, 2n ** 46n),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (done, total, s) => {
          expect(barText(done, total, s)).to.match(/^\[.{30}\] +\d+ %/);
        },
      ),
    );
  });

  it("writes sizes as JSON numbers", () => {
    expect(JSON.parse(toJson({ size: 2n ** 46n, none: undefined }))).to.deep.equal({ size: 2 ** 46 });
  });

  it("says what a system error means", () => {
    const error = (code: string) => Object.assign(new Error(code), { code, path: "/x" });
    expect(messageOf(error("ENOENT"))).to.equal("/x: there is no such file");
    expect(messageOf(error("EACCES"))).to.equal("/x: permission denied");
    expect(messageOf(error("ENOSPC"))).to.match(/no space is left/);
    expect(messageOf(new Error("else"))).to.equal("else");
  });
});
