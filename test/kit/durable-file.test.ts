import { mkdir, readdir, readFile } from "node:fs/promises";
import { expect } from "chai";
import { writeFileDurably } from "../../src/kit/durable-file.ts";
import { run } from "../../src/kit/run.ts";
import { rejection } from "../support/failure.ts";
import { needsLoopDevices } from "../support/needs-loop-devices.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

describe("a file that is written durably", () => {
  const path = scratchDirectory();
  // Who may use those may mount.
  before(needsLoopDevices);

  it("stays as it was when only a part of its new content finds room", async () => {
    const directory = path("full");
    await mkdir(directory);
    await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory]);
    const file = path("full", "file");
    await writeFileDurably(file, "before");
    expect(await rejection(writeFileDurably(file, "x".repeat(100_000)))).to.have.property("code", "ENOSPC");
    expect(await readFile(file, "utf8")).to.equal("before");
    expect(await readdir(directory)).to.deep.equal(["file"]);
    await writeFileDurably(file, "after");
    expect(await readFile(file, "utf8")).to.equal("after");
  });
});
