import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect } from "chai";
import { makeNewFile } from "../../../src/vhdx/storage/new-file.ts";
import { rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

describe("vhdx new file", () => {
  const path = temporaryDirectory();
  const entries = () => readdir(dirname(path("x")));

  it("has its name when it is complete, and nothing else is left", async () => {
    const made = await makeNewFile(path("a"), async (partial) => {
      expect(await readFile(path("a"), "utf8"), "the name is held").to.equal("");
      await writeFile(partial, "content");
      return 7;
    });
    expect(made).to.equal(7);
    expect(await readFile(path("a"), "utf8")).to.equal("content");
    expect(await entries()).to.deep.equal(["a"]);
  });

  it("never takes the place of another", async () => {
    await writeFile(path("b"), "precious");
    const error = await rejection(makeNewFile(path("b"), () => Promise.reject(new Error("not reached"))));
    expect(error).to.have.property("code", "EEXIST");
    expect(await readFile(path("b"), "utf8")).to.equal("precious");
    await rm(path("b"));
  });

  it("leaves nothing when it can't be made", async () => {
    const error = await rejection(
      makeNewFile(path("c"), async (partial) => {
        await writeFile(partial, "half");
        throw new Error("no space");
      }),
    );
    expect(error).to.have.property("message", "no space");
    expect(await entries()).to.deep.equal(["a"]);
  });

  it("leaves alone what somebody else put there meanwhile", async () => {
    const error = await rejection(
      makeNewFile(path("d"), async (partial) => {
        await writeFile(partial, "ours");
        await rm(path("d"));
        await writeFile(path("d"), "theirs");
      }),
    );
    expect(error)
      .to.have.property("message")
      .that.matches(/replaced by somebody else/);
    expect(await readFile(path("d"), "utf8")).to.equal("theirs");
    expect(await entries()).to.deep.equal(["a", "d"]);
  });
});
