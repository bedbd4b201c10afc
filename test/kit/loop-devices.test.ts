import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { backingFileOf, listLoopDevices, loopOver, readLoopDevice } from "../../src/kit/loop-devices.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("kit loop devices", () => {
  const path = temporaryDirectory();
  before(async () => {
    await device("loop0", { backing_file: "/pool/a;b.vhdx\n", offset: "4194304\n" }, "16384\n", "0\n");
    await device("loop1", undefined, "0\n", "0\n");
    await device(
      "loop12",
      { backing_file: "/pool/größe c.vhdx (deleted)\n", offset: "0\n" },
      "137438953472\n",
      "1\n",
    );
    await device("sda", { backing_file: "/not/a/loop\n", offset: "0\n" }, "1\n", "0\n");
  });

  async function device(
    name: string,
    loop: Readonly<Record<string, string>> | undefined,
    size: string,
    ro: string,
  ): Promise<void> {
    await mkdir(path("block", name), { recursive: true });
    await writeFile(path("block", name, "size"), size);
    await writeFile(path("block", name, "ro"), ro);
    if (loop === undefined) return;
    await mkdir(path("block", name, "loop"));
    for (const [file, text] of Object.entries(loop)) await writeFile(path("block", name, "loop", file), text);
  }

  it("are those that have a backing file", () => {
    const devices = listLoopDevices(path("block"));
    expect(devices.map(({ name }) => name).sort()).to.deep.equal(["loop0", "loop12"]);
  });

  it("are told as the kernel describes them", () => {
    expect(readLoopDevice("loop0", path("block"))).to.deep.equal({
      name: "loop0",
      device: "/dev/loop0",
      backingFile: "/pool/a;b.vhdx",
      offset: 4n << 20n,
      size: 8n << 20n,
      readOnly: false,
    });
    expect(readLoopDevice("loop12", path("block"))).to.deep.include({
      backingFile: "/pool/größe c.vhdx (deleted)",
      size: 64n << 40n,
      readOnly: true,
    });
  });

  it("are found over a file, also once another device has it and the first one another file", async () => {
    const over = (name: string, file: string) =>
      writeFile(path("block", name, "loop", "backing_file"), `${file}\n`);
    const find = () => loopOver("/pool/moving.vhdx", path("block"));
    await over("loop0", "/pool/moving.vhdx");
    expect([find(), find()]).to.deep.equal(["loop0", "loop0"]);
    await over("loop0", "/pool/a;b.vhdx");
    expect(find()).to.equal(undefined);
    await over("loop12", "/pool/moving.vhdx");
    expect(find()).to.equal("loop12");
    await over("loop0", "/pool/moving.vhdx");
    await over("loop12", "/pool/größe c.vhdx (deleted)");
    expect(find()).to.equal("loop0");
    await over("loop0", "/pool/a;b.vhdx");
  });

  it("tell their file alone, also once it has no name any more", () => {
    const names = ["loop0", "loop12", "loop1", "loop99"];
    expect(names.map((name) => backingFileOf(name, path("block")))).to.deep.equal([
      "/pool/a;b.vhdx",
      "/pool/größe c.vhdx (deleted)",
      undefined,
      undefined,
    ]);
  });

  it("are not there while unbound, nor when there is no such device", () => {
    expect(readLoopDevice("loop1", path("block"))).to.equal(undefined);
    expect(readLoopDevice("loop99", path("block"))).to.equal(undefined);
  });

  it("are not there when they went away while they were read", async () => {
    await device("loop5", { backing_file: "/x\n", offset: "0\n" }, "1\n", "0\n");
    expect(readLoopDevice("loop5", path("block"))).to.have.property("backingFile", "/x");
    await rm(join(path("block", "loop5"), "size"));
    expect(readLoopDevice("loop5", path("block"))).to.equal(undefined);
    expect(listLoopDevices(path("block"))).to.have.lengthOf(2);
  });

  it("of this machine can be listed", function () {
    if (process.platform !== "linux") this.skip();
    for (const { device, backingFile } of listLoopDevices()) {
      expect(device).to.match(/^\/dev\/loop\d+/);
      expect(backingFile).not.to.equal("");
    }
  });
});
