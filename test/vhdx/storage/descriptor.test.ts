import { readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { Descriptor } from "../../../src/vhdx/storage/descriptor.ts";
import { rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

describe("vhdx descriptor", () => {
  const path = temporaryDirectory();

  async function opened(text: string): Promise<Descriptor> {
    await writeFile(path("file"), text);
    return Descriptor.open(path("file"), "r+");
  }

  it("reads and writes at places, tells and sets the size", async () => {
    const file = await opened("0123456789");
    const bytes = Buffer.from("......");
    expect(await file.read(bytes, 2, 7)).to.equal(3);
    expect(bytes.toString()).to.equal("..789.");
    expect(await file.read(bytes, 0, 10)).to.equal(0);
    expect(await file.write(Buffer.from("_ab"), 1, 4)).to.equal(2);
    await file.truncate(8);
    await file.datasync();
    expect((await file.stat()).size).to.equal(8n);
    await file.close();
    expect(await readFile(path("file"), "utf8")).to.equal("0123ab67");
  });

  it("passes on what the system says", async () => {
    expect(await rejection(Descriptor.open(path("missing"), "r"))).to.have.property("code", "ENOENT");
    const file = await Descriptor.open(path("file"), "r");
    expect(await rejection(file.write(Buffer.from("x"), 0, 0))).to.have.property("code", "EBADF");
    await file.close();
  });

  it("asks nothing of a number that may be another file's by now", async () => {
    const file = await opened("mine");
    await file.close();
    await writeFile(path("other"), "other");
    const other = await Descriptor.open(path("other"), "r+");
    const bytes = Buffer.alloc(4);
    const late = [
      () => file.read(bytes, 0, 0),
      () => file.write(Buffer.from("bad"), 0, 0),
      () => file.truncate(0),
      () => file.datasync(),
      () => file.stat(),
      () => Promise.resolve().then(() => file.number),
    ];
    for (const call of late) {
      const error = await rejection(call());
      // Not the kernel's word: it would have taken the number for whatever has it now.
      expect(error).to.include({ code: "EBADF", message: "the file is closed" });
    }
    await file.close();
    expect((await other.stat()).size).to.equal(5n);
    await other.close();
    expect(bytes.equals(Buffer.alloc(4))).to.equal(true);
  });

  it("closes when what was asked before has ended, and refuses what is asked after", async () => {
    const file = await opened("x".repeat(1 << 20));
    const ended: string[] = [];
    const reads = Array.from({ length: 8 }, async (_, index) => {
      const bytes = Buffer.alloc(1 << 20);
      expect(await file.read(bytes, 0, 0)).to.equal(1 << 20);
      ended.push(`read ${index}`);
    });
    const closes = [file.close(), file.close()].map(async (closing) => {
      await closing;
      ended.push("close");
    });
    expect(await rejection(file.stat())).to.have.property("code", "EBADF");
    await Promise.all([...reads, ...closes]);
    expect(ended.slice(8)).to.deep.equal(["close", "close"]);
  });
});
