import { expect } from "chai";
import { runInWindows } from "./in-windows.ts";
import type { Results } from "./results.ts";
import { windows } from "./windows.ts";

const files = [
  // What is for Windows alone.
  "test/wine/inside/product.ts",
  "test/wine/inside/node.ts",
  // Tests of what an agent or a node on Windows stands on, and that need nothing of Linux.
  "test/agent/install/install-plan.test.ts",
  "test/agent/install/windows-command-line.test.ts",
  "test/csi/handle.test.ts",
  "test/kit/errors.test.ts",
  "test/kit/locks.test.ts",
  "test/kit/sizes.test.ts",
];

describe("by Windows' Node, under Wine", function () {
  // A program may take ten minutes before it is ended, and there are three.
  this.timeout(35 * 60_000);
  const machine = windows();
  let results: Results;

  before(async () => {
    results = await runInWindows(machine, files);
  });

  for (const file of files) {
    it(`${file} passes`, () => {
      const result = results[file];
      expect(result?.failures).to.deep.equal([]);
      expect(result?.passed).to.be.greaterThan(0);
    });
  }
});
