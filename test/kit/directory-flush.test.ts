import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { FLUSH_FILE, openDirectoryFlush } from "../../src/kit/directory-flush.ts";
import { flushDirectory, writeFileDurably } from "../../src/kit/durable-file.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("kit flush of a directory", () => {
  const path = temporaryDirectory();

  it("is the directory's own where a directory can be flushed", async () => {
    const flush = await openDirectoryFlush(path(), "linux");
    await flush.sync();
    expect(await readdir(path())).to.deep.equal([]);
    await flush.close();
  });

  it("is that of a file in it on Windows, which is another one each time and goes at the end", async () => {
    await writeFile(path("kept"), "content");
    const flush = await openDirectoryFlush(path(), "win32");
    const look = async () => (await stat(path(FLUSH_FILE), { bigint: true })).size;
    const sizes = [await look()];
    for (let again = 0; again < 3; again++) {
      await flush.sync();
      sizes.push(await look());
    }
    expect(sizes).to.deep.equal([0n, 1n, 0n, 1n]);
    await flush.close();
    expect(await readdir(path())).to.deep.equal(["kept"]);
  });

  it("takes over the file of an agent that died", async () => {
    await writeFile(path(FLUSH_FILE), "left");
    const flush = await openDirectoryFlush(path(), "win32");
    await flush.sync();
    await flush.close();
    expect(await readdir(path())).not.to.include(FLUSH_FILE);
  });

  it("follows a file that is written durably: whole, under its own name alone", async () => {
    await writeFileDurably(path("state"), "one\n");
    await writeFileDurably(path("state"), "two\n");
    await flushDirectory(path());
    expect(await readFile(path("state"), "utf8")).to.equal("two\n");
    expect(await readdir(path())).not.to.include("state.tmp");
  });
});
