import { open, truncate, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { expect } from "chai";
import { loopCalls, type LoopPart } from "../../../../src/agent/hosts/local/loop-ioctl.ts";
import { bindByProgram, unbindLoop } from "../../../../src/agent/hosts/local/losetup.ts";
import { readLoopDevice } from "../../../../src/kit/loop-devices.ts";
import { run } from "../../../../src/kit/run.ts";
import { readBytes, writeBytes } from "../../../support/device-bytes.ts";
import { rejection } from "../../../support/failure.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";

const MiB = 1024 * 1024;

describe("loop devices by the kernel's own calls", () => {
  const path = scratchDirectory();
  const calls = loopCalls();
  let files = 0;
  before(needsLoopDevices);
  before(function () {
    if (calls !== undefined) return;
    if (process.env["CI"]) throw new Error("koffi is missing");
    console.log("      skipped: koffi is missing");
    this.skip();
  });

  async function newFile(size = 4 * MiB): Promise<string> {
    const file = path(`${files++}.img`);
    await writeFile(file, "");
    await truncate(file, size);
    return file;
  }
  const bind = async (file: string, part: Partial<LoopPart> = {}): Promise<string> =>
    (await calls?.bind(file, { offset: 0n, sizeLimit: undefined, readOnly: false, ...part })) ?? "";
  const described = (device: string) => {
    const { offset, size, readOnly, backingFile } = readLoopDevice(basename(device)) ?? {};
    return { offset, size, readOnly, backingFile };
  };

  for (const [what, part] of [
    ["a whole file", { offset: 0n, sizeLimit: undefined, readOnly: false }],
    ["a file from an offset", { offset: BigInt(MiB), sizeLimit: undefined, readOnly: false }],
    ["a part of a file", { offset: 512n, sizeLimit: BigInt(MiB), readOnly: false }],
    ["a file that is only read", { offset: BigInt(MiB), sizeLimit: BigInt(MiB), readOnly: true }],
  ] as const) {
    it(`bind ${what} as losetup does, and free it`, async () => {
      const file = await newFile();
      const own = await bind(file, part);
      const theirs = await bindByProgram(file, part, AbortSignal.timeout(60_000));
      expect(own)
        .to.match(/^\/dev\/loop\d+$/)
        .and.not.equal(theirs);
      expect(described(own)).to.deep.equal(described(theirs));
      expect(described(own)).to.deep.include({ offset: part.offset, readOnly: part.readOnly });
      const attributes = ["--noheadings", "--output", "AUTOCLEAR,DIO,PARTSCAN,LOG-SEC"];
      expect(await run("losetup", ["--list", ...attributes, own])).to.equal(
        await run("losetup", ["--list", ...attributes, theirs]),
      );
      for (const device of [own, theirs]) {
        expect(await calls?.unbind(device)).to.equal(true);
        expect(readLoopDevice(basename(device))).to.equal(undefined);
      }
    });
  }

  it("carry what is written to the file, and take no write when they are read-only", async () => {
    const file = await newFile();
    const device = await bind(file, { offset: BigInt(MiB) });
    await writeBytes(device, 5, Buffer.from("written"));
    expect(await calls?.unbind(device)).to.equal(true);
    expect(String(await readBytes(file, MiB + 5, 7))).to.equal("written");
    const readOnly = await bind(file, { readOnly: true });
    expect(await rejection(writeBytes(readOnly, 0, Buffer.from("no")))).to.have.property("code", "EPERM");
    await calls?.unbind(readOnly);
  });

  it("give every one of many that ask at once a device of its own", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, async () => await bind(await newFile())));
    const bound = all.filter((device) => device !== "");
    expect(new Set(bound).size).to.equal(bound.length);
    expect(bound).to.not.be.empty;
    for (const device of bound) await calls?.unbind(device);
  });

  it("leave it to losetup when there is no file, and when there is nothing to free", async () => {
    expect(await bind(path("absent"))).to.equal("");
    const device = await bind(await newFile());
    expect(await calls?.unbind(device)).to.equal(true);
    expect(await calls?.unbind(device)).to.equal(false);
  });

  it("free a device that is open only when that ends", async () => {
    const device = await bind(await newFile());
    const user = await open(device, "r");
    await calls?.unbind(device);
    expect(readLoopDevice(basename(device))).to.not.equal(undefined);
    await user.close();
    expect(readLoopDevice(basename(device))).to.equal(undefined);
  });
  it("keep a device that could not be freed, also when its user ends", async () => {
    const file = await newFile();
    const device = await bind(file, { offset: 512n, sizeLimit: BigInt(MiB), readOnly: true });
    const loop = readLoopDevice(basename(device))!;
    const user = await open(device, "r");
    expect(await rejection(unbindLoop(loop, AbortSignal.timeout(60_000)))).to.have.property(
      "code",
      "ABORTED",
    );
    await user.close();
    expect(readLoopDevice(loop.name)).to.deep.equal(loop);
    await unbindLoop(loop, AbortSignal.timeout(60_000));
    expect(readLoopDevice(loop.name)).to.equal(undefined);
  });

  it("change how much a bound device shows, and nothing of one that has become another's", async () => {
    const device = await bind(await newFile(), { offset: 512n, sizeLimit: BigInt(MiB) });
    const bytes = () => readLoopDevice(basename(device))?.size;
    expect(await calls?.limit(device, BigInt(2 * MiB), () => true)).to.equal(true);
    expect(bytes()).to.equal(BigInt(2 * MiB));
    expect(await calls?.limit(device, undefined, () => false)).to.equal(false);
    expect(bytes()).to.equal(BigInt(2 * MiB));
    expect(await calls?.limit(device, undefined, () => true)).to.equal(true);
    expect(bytes()).to.equal(BigInt(4 * MiB - 512));
    await calls?.unbind(device);
    expect(await calls?.limit(device, undefined, () => true)).to.equal(false);
  });

  it("keep no device that has become another's", async () => {
    const device = await bind(await newFile());
    const user = await open(device, "r");
    await calls?.unbind(device);
    expect(await calls?.keep(device, () => false)).to.equal(false);
    await user.close();
    expect(readLoopDevice(basename(device))).to.equal(undefined);
    expect(await calls?.keep(device, () => true)).to.equal(false);
  });
});
