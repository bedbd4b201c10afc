import { expect } from "chai";
import { type Rename, rename, renameOn } from "../../src/kit/rename.ts";
import { readFile, writeFile } from "node:fs/promises";
import { scratchDirectory } from "../support/scratch-directory.ts";

describe("a rename", () => {
  const path = scratchDirectory();

  /** One that is refused some times first. */
  function refused(code: string, times: number): { once: Rename; tries: () => number } {
    let tries = 0;
    const once: Rename = () => {
      tries += 1;
      return tries > times ? Promise.resolve() : Promise.reject(Object.assign(new Error(code), { code }));
    };
    return { once, tries: () => tries };
  }

  const outcome = (renaming: Promise<void>) =>
    renaming.then(
      () => "done",
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    );

  it("puts a file in the place of another", async () => {
    await writeFile(path("from"), "new");
    await writeFile(path("to"), "old");
    await rename(path("from"), path("to"));
    expect(await readFile(path("to"), "utf8")).to.equal("new");
    expect(await outcome(rename(path("from"), path("to")))).to.equal("ENOENT");
  });

  for (const code of ["EBUSY", "EPERM", "EACCES"]) {
    it(`that others stand in the way of is tried again on Windows: ${code}`, async () => {
      const { once, tries } = refused(code, 4);
      expect(await outcome(renameOn("win32", once)("a", "b"))).to.equal("done");
      expect(tries()).to.equal(5);
    });
  }

  it("is given up on Windows after some seconds, with the system's word", async () => {
    const { once, tries } = refused("EBUSY", Infinity);
    expect(await outcome(renameOn("win32", once)("a", "b"))).to.equal("EBUSY");
    expect(tries()).to.be.greaterThan(5);
  });

  it("is not tried again for what does not pass, nor elsewhere", async () => {
    for (const [platform, code] of [
      ["win32", "ENOENT"],
      ["win32", "ENOSPC"],
      ["linux", "EBUSY"],
      ["linux", "EPERM"],
    ] as const) {
      const { once, tries } = refused(code, 1);
      expect(await outcome(renameOn(platform, once)("a", "b")), platform).to.equal(code);
      expect(tries()).to.equal(1);
    }
  });
});
