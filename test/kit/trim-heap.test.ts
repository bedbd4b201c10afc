import { expect } from "chai";
import { execa } from "execa";
import { join } from "node:path";
import { nativeLibraries } from "../../src/kit/native.ts";

const module = join(import.meta.dirname, "../../src/kit/trim-heap.ts");

/** Takes some 128 MiB in small pieces, lets most of them go, and prints how much memory it had, and has later, in MiB. */
const program = `
import { trimHeapAfterStart } from ${JSON.stringify(module)};
let pieces = Array.from({ length: 8192 }, () => Buffer.alloc(16384, 1));
const most = process.memoryUsage.rss();
pieces = pieces.filter((_, index) => index % 64 === 0);
trimHeapAfterStart();
setTimeout(() => {
  console.log(JSON.stringify([most, process.memoryUsage.rss()].map((bytes) => Math.round(bytes / 2 ** 20))));
  console.error(pieces.length);
}, 4000);
`;

describe("the memory of a role that has started", () => {
  it("is given back to the system, also what lies between pieces in use", async function () {
    if (nativeLibraries() === undefined) {
      console.log("      skipped: koffi is not installed here");
      this.skip();
    }
    const { stdout } = await execa(process.execPath, ["--input-type=module", "--eval", program]);
    const [most = 0, later = 0] = JSON.parse(stdout) as number[];
    expect(most).to.be.greaterThan(150);
    expect(later).to.be.lessThan(most - 90);
  });
});
