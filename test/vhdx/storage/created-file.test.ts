import { access, readFile, stat, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { withCreatedFile } from "../../../src/vhdx/storage/created-file.ts";
import type { FillableFile } from "../../../src/vhdx/storage/fillable-file.ts";
import { rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

describe("a vhdx file that is created", () => {
  const path = temporaryDirectory();

  it("is written, resized and flushed, and its owner's alone", async () => {
    await withCreatedFile(path("written"), async (file) => {
      await file.write(4n, Buffer.from("data"));
      await file.resize(12n);
      await file.flush();
    });
    expect((await readFile(path("written"))).toString("latin1")).to.equal("\0\0\0\0data\0\0\0\0");
    expect((await stat(path("written"))).mode & 0o777).to.equal(0o600);
  });

  it("never takes the place of one that is there", async () => {
    await writeFile(path("there"), "kept");
    const error = await rejection(withCreatedFile(path("there"), () => Promise.resolve()));
    expect(error).to.have.property("code", "EEXIST");
    expect((await readFile(path("there"))).toString()).to.equal("kept");
  });

  it("is closed when its user fails, and stays", async () => {
    let kept: FillableFile | undefined;
    const error = await rejection(
      withCreatedFile(path("failed"), (file) => {
        kept = file;
        throw new Error("user");
      }),
    );
    expect(error).to.have.property("message", "user");
    expect(await rejection(Promise.resolve(kept?.flush()))).to.have.property("code", "EBADF");
    await access(path("failed"));
  });

  it("keeps holes", async () => {
    await withCreatedFile(path("sparse"), (file) => file.resize(1n << 30n));
    const { size, blocks } = await stat(path("sparse"));
    expect(size).to.equal(1 << 30);
    expect(blocks).to.be.lessThan(1000);
  });
});
