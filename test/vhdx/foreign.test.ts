import { randomBytes } from "node:crypto";
import { copyFile, open, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { GiB, MiB, TiB } from "../../src/kit/sizes.ts";
import { createVhdx } from "../../src/vhdx/operations/create.ts";
import { randomGuid } from "../../src/vhdx/format/guid.ts";
import { growFixed, growFixedIn } from "../../src/vhdx/operations/grow.ts";
import { resizeVhdx } from "../../src/vhdx/operations/resize.ts";
import { inspectVhdx, readIdentity } from "../../src/vhdx/image/inspect.ts";
import { renewWriteGuids } from "../../src/vhdx/image/write-guids.ts";
import { createInMemory } from "./support/images.ts";
import { type Operation, perform, recording } from "./support/recorder.ts";
import { expectVhdxError, rejection } from "./support/rejects.ts";
import { temporaryDirectory } from "./support/temp.ts";
import { needs, qemuCheck, qemuInfo, tool } from "./support/tools.ts";

/** Overwrites bytes of a file in place. */
async function putBytes(path: string, position: number, data: Buffer): Promise<void> {
  const handle = await open(path, "r+");
  await handle.write(data, 0, data.length, position);
  await handle.close();
}

const compare = (vhdx: string, raw: string) =>
  tool("qemu-img", "compare", "-f", "vhdx", "-F", "raw", vhdx, raw);

describe("vhdx as qemu sees it", function () {
  this.timeout(300_000);
  before(needs("qemu-img", "qemu-io"));
  const path = temporaryDirectory();

  const shapes = [
    ["small fixed", { type: "fixed", size: 64n * MiB }],
    ["fixed with small blocks", { type: "fixed", size: 6n * GiB, blockSize: 1 << 20 }],
    ["fixed with large blocks", { type: "fixed", size: 1n * GiB, blockSize: 256 << 20 }],
    ["fixed with room", { type: "fixed", size: 1n * GiB, maximumSize: 16n * TiB }],
    ["small dynamic", { type: "dynamic", size: 3n * MiB }],
    ["64 TiB dynamic", { type: "dynamic", size: 64n * TiB }],
    ["dynamic with small blocks", { type: "dynamic", size: 300n * GiB + 512n, blockSize: 1 << 20 }],
  ] as const;
  for (const [name, shape] of shapes) {
    it(`checks and describes a ${name} disk`, async () => {
      const place = path(`${name}.vhdx`);
      const info = await createVhdx(place, { ...shape, virtualDiskId: randomGuid() });
      await qemuCheck(place);
      expect(await qemuInfo(place)).to.deep.equal({
        format: "vhdx",
        virtualSize: shape.size,
        clusterSize: info.blockSize,
      });
    });
  }

  it("reads in a fixed disk what was written at the payload's offset", async () => {
    const [place, raw] = [path("data.vhdx"), path("data.raw")];
    const size = 5 << 20;
    const { payloadOffset } = await createVhdx(place, {
      ...{ type: "fixed", size: BigInt(size), blockSize: 1 << 20, virtualDiskId: randomGuid() },
    });
    await writeFile(raw, Buffer.alloc(size));
    for (const position of [0, 4096 * 3 + 17, (1 << 20) - 100, (3 << 20) + 5, size - 1000]) {
      const data = randomBytes(1000);
      await putBytes(place, Number(payloadOffset) + position, data);
      await putBytes(raw, position, data);
    }
    await compare(place, raw);
    await putBytes(raw, 5000, Buffer.from("x"));
    expect(await rejection(compare(place, raw)), "the comparison would notice").to.have.property("code", 1);
  });

  it("writes into fixed and dynamic disks this library made, and the library reads on", async () => {
    for (const type of ["fixed", "dynamic"] as const) {
      const [place, raw] = [path(`written-${type}.vhdx`), path(`written-${type}.raw`)];
      const made = await createVhdx(place, { type, size: 256n * MiB, virtualDiskId: randomGuid() });
      await tool("qemu-img", "create", "-f", "raw", raw, "256M");
      for (const [format, file] of [
        ["vhdx", place],
        ["raw", raw],
      ] as const) {
        const commands = ["write -P 7 0 1M", "write -P 9 50M 3M", "write -P 3 255M 1M"];
        await tool("qemu-io", "-f", format, ...commands.flatMap((command) => ["-c", command]), file);
      }
      await qemuCheck(place);
      await compare(place, raw);
      const info = await inspectVhdx(place);
      expect(info).to.include({ type, virtualSize: 256n * MiB, virtualDiskId: made.virtualDiskId });
      expect(info.payloadOffset).to.equal(made.payloadOffset);
      expect(info.dataWriteGuid).not.to.equal(made.dataWriteGuid);
      expect(info.creator).to.equal("csi-driver-hyperv");
    }
  });

  it("checks grown disks and finds their data", async () => {
    const [place, raw] = [path("grown.vhdx"), path("grown.raw")];
    const { payloadOffset } = await createVhdx(place, {
      ...{ type: "fixed", size: 4n * MiB, maximumSize: 64n * GiB, virtualDiskId: randomGuid() },
    });
    const data = randomBytes(4 << 20);
    await putBytes(place, Number(payloadOffset), data);
    await writeFile(raw, data);
    for (const size of [6n * MiB, 300n * MiB]) {
      await growFixed(place, size);
      await qemuCheck(place);
      expect((await qemuInfo(place)).virtualSize).to.equal(size);
      await tool("qemu-img", "resize", "-f", "raw", raw, String(size));
      await compare(place, raw);
    }
    await growFixed(place, 20n * GiB);
    await qemuCheck(place);
    expect((await qemuInfo(place)).virtualSize).to.equal(20n * GiB);
    const dynamic = path("grown-dynamic.vhdx");
    await createVhdx(dynamic, { type: "dynamic", size: 1n * GiB, virtualDiskId: randomGuid() });
    await tool("qemu-io", "-f", "vhdx", "-c", "write -P 5 1000M 1M", dynamic);
    await resizeVhdx(dynamic, 3n * TiB);
    await qemuCheck(dynamic);
    expect((await qemuInfo(dynamic)).virtualSize).to.equal(3n * TiB);
    await tool("qemu-io", "-f", "vhdx", "-c", "read -P 5 1000M 1M", "-c", "write -P 6 2T 1M", dynamic);
    await qemuCheck(dynamic);
  });

  it("replays the log of a growth cut off at any step after its commit", async () => {
    const original = await createInMemory(path("original.vhdx"), { size: 8n * MiB });
    const operations: Operation[] = [];
    await growFixedIn(recording(original.copy(), operations), 40n * MiB);
    const file = original.copy();
    const sizes = new Set<bigint>();
    for (const [step, operation] of operations.entries()) {
      await perform(file, operation);
      if (operation.kind === "flush") continue;
      const place = path(`cut-${step}.vhdx`);
      await file.save(place);
      const { virtualSize, logReplayPending } = await inspectVhdx(place);
      // qemu opens a dirty file for writing only, where it replays the log.
      if (logReplayPending) await tool("qemu-img", "check", "-f", "vhdx", "-r", "all", place);
      await qemuCheck(place);
      expect((await qemuInfo(place)).virtualSize, `after ${step}`).to.equal(virtualSize);
      sizes.add(virtualSize);
    }
    expect([...sizes]).to.deep.equal([8n * MiB, 40n * MiB]);
  });
});

describe("vhdx made by qemu", function () {
  this.timeout(300_000);
  before(needs("qemu-img", "qemu-io"));
  const path = temporaryDirectory();
  const make = (name: string, size: string, options: string) =>
    tool("qemu-img", "create", "-f", "vhdx", "-o", options, path(name), size);

  it("is a dynamic disk", async () => {
    await make("dynamic.vhdx", "3G", "subformat=dynamic");
    const info = await inspectVhdx(path("dynamic.vhdx"));
    expect(info).to.include({
      type: "dynamic",
      virtualSize: 3n * GiB,
      blockSize: (await qemuInfo(path("dynamic.vhdx"))).clusterSize,
      logicalSectorSize: 512,
      physicalSectorSize: 512,
      payloadOffset: undefined,
      logReplayPending: false,
    });
    expect(info.creator).to.match(/^QEMU/);
    await resizeVhdx(path("dynamic.vhdx"), 30n * GiB);
    await qemuCheck(path("dynamic.vhdx"));
    expect((await qemuInfo(path("dynamic.vhdx"))).virtualSize).to.equal(30n * GiB);
  });

  it("is a fixed disk that can be mapped when its blocks are marked present", async () => {
    await make("fixed.vhdx", "64M", "subformat=fixed,block_state_zero=off");
    expect(await inspectVhdx(path("fixed.vhdx"))).to.include({
      type: "fixed",
      virtualSize: 64n * MiB,
      payloadOffset: 8n * MiB,
    });
    await putBytes(path("fixed.vhdx"), (8 << 20) + (20 << 20), Buffer.alloc(1 << 20, 9));
    await tool("qemu-io", "-f", "vhdx", "-c", "read -P 9 20M 1M", path("fixed.vhdx"));
    await growFixed(path("fixed.vhdx"), 100n * MiB);
    await qemuCheck(path("fixed.vhdx"));
    await tool(
      "qemu-io",
      "-f",
      "vhdx",
      "-c",
      "read -P 9 20M 1M",
      "-c",
      "read -P 0 64M 36M",
      path("fixed.vhdx"),
    );
  });

  it("is a fixed disk that cannot be mapped when its blocks are marked zero", async () => {
    await make("zero.vhdx", "64M", "subformat=fixed");
    const info = await inspectVhdx(path("zero.vhdx"));
    expect(info).to.include({ type: "fixed", payloadOffset: undefined });
    await expectVhdxError(growFixed(path("zero.vhdx"), 100n * MiB), "block table", /one stretch/);
  });

  it("has a log that is replayed when qemu was cut off", async () => {
    await make("cut.vhdx", "256M", "subformat=dynamic,block_size=1M");
    // The log entry is durable, the write of the block table's sector in its place fails.
    const failing = {
      driver: "blkdebug",
      image: { driver: "file", filename: path("cut.vhdx") },
      "inject-error": [{ event: "none", iotype: "write", sector: 4096, errno: 5 }],
    };
    const name = `json:${JSON.stringify({ driver: "vhdx", file: failing })}`;
    const failure = await rejection(tool("qemu-io", "-c", "write -P 1 100M 1M", name));
    expect(failure)
      .to.have.property("stdout")
      .that.matches(/write failed: Input\/output error/);
    await copyFile(path("cut.vhdx"), path("cut-qemu.vhdx"));
    const info = await inspectVhdx(path("cut.vhdx"));
    expect(info).to.include({ logReplayPending: true, type: "dynamic", virtualSize: 256n * MiB });
    expect((await readIdentity(path("cut.vhdx"))).virtualDiskId).to.equal(info.virtualDiskId);
    await renewWriteGuids(path("cut.vhdx"));
    expect((await inspectVhdx(path("cut.vhdx"))).logReplayPending).to.equal(false);
    await qemuCheck(path("cut.vhdx"));
    await tool("qemu-img", "check", "-f", "vhdx", "-r", "all", path("cut-qemu.vhdx"));
    await tool("qemu-img", "compare", path("cut.vhdx"), path("cut-qemu.vhdx"));
    const reads = ["read -P 0 0 100M", "read -P 1 100M 1M", "read -P 0 101M 155M"];
    const output = await tool(
      "qemu-io",
      "-f",
      "vhdx",
      ...reads.flatMap((text) => ["-c", text]),
      path("cut.vhdx"),
    );
    expect(output).not.to.match(/Pattern verification failed/);
  });
});

describe("vhdx as libvhdi sees it", function () {
  this.timeout(300_000);
  before(needs("vhdiinfo"));
  const path = temporaryDirectory();

  for (const type of ["fixed", "dynamic"] as const) {
    it(`describes a ${type} disk, created and grown`, async () => {
      const place = path(`${type}.vhdx`);
      const describe = async () => {
        const text = await tool("vhdiinfo", place);
        const field = (name: string) => new RegExp(`${name}\\s*: (.*)`).exec(text)?.[1];
        return {
          type: field("Disk type")?.toLowerCase(),
          size: /\((\d+) bytes\)/.exec(field("Media size") ?? "")?.[1],
          dataWriteGuid: field("Identifier"),
        };
      };
      const made = await createVhdx(place, { type, size: 64n * MiB, virtualDiskId: randomGuid() });
      expect(await describe()).to.deep.equal({ type, size: "67108864", dataWriteGuid: made.dataWriteGuid });
      await (type === "fixed" ? growFixed : resizeVhdx)(place, 128n * MiB);
      const { dataWriteGuid } = await inspectVhdx(place);
      expect(await describe()).to.deep.equal({ type, size: "134217728", dataWriteGuid });
    });
  }
});
