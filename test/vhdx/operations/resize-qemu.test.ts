import { randomBytes } from "node:crypto";
import { open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { GiB, MiB, TiB } from "../../../src/kit/sizes.ts";
import { WritableDisk } from "../../../src/vhdx/disk/writable-disk.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { inspectVhdx } from "../../../src/vhdx/image/inspect.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import type { NewDiskOptions } from "../../../src/vhdx/operations/new-image.ts";
import { resizeIn, resizeVhdx } from "../../../src/vhdx/operations/resize.ts";
import { createInMemory } from "../support/images.ts";
import { type Operation, perform, recording } from "../support/recorder.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { needs, qemuCheck, qemuInfo, tool } from "../support/tools.ts";

/** qemu-img reads every byte of a fixed disk, holes too. */
const LARGEST_COMPARED = 8n * GiB;

describe("vhdx resize as qemu sees it", function () {
  this.timeout(300_000);
  before(needs("qemu-img", "qemu-io"));
  const path = temporaryDirectory();

  /** A disk beside the raw file that it must equal. */
  class Pair {
    readonly vhdx: string;
    readonly raw: string;
    readonly #written: bigint[] = [];

    constructor(name: string) {
      this.vhdx = path(`${name}.vhdx`);
      this.raw = path(`${name}.raw`);
    }

    async create(options: Omit<NewDiskOptions, "virtualDiskId">): Promise<void> {
      await createVhdx(this.vhdx, { ...options, virtualDiskId: randomGuid() });
      await writeFile(this.raw, "");
      await truncate(this.raw, Number(options.size));
    }

    async write(...offsets: bigint[]): Promise<void> {
      const disk = await WritableDisk.open(this.vhdx);
      const raw = await open(this.raw, "r+");
      for (const offset of offsets) {
        const data = randomBytes(5000);
        await disk.write(offset, data);
        await raw.write(data, 0, data.length, Number(offset));
        this.#written.push(offset);
      }
      await raw.close();
      await disk.close();
    }

    async resize(size: bigint): Promise<void> {
      await resizeVhdx(this.vhdx, size);
      await truncate(this.raw, Number(size));
      await qemuCheck(this.vhdx);
      expect((await qemuInfo(this.vhdx)).virtualSize).to.equal(size);
      if (size <= LARGEST_COMPARED) {
        await tool("qemu-img", "compare", "-f", "vhdx", "-F", "raw", this.vhdx, this.raw);
      } else {
        for (const offset of this.#written) await this.#compareAround(offset);
        await this.#compareAround(size - 1n);
      }
    }

    /** The 2 MiB before and behind a place, as qemu reads them from either file. */
    async #compareAround(offset: bigint): Promise<void> {
      const skip = offset < 2n * MiB ? 0n : offset / MiB - 1n;
      const parts: Buffer[] = [];
      for (const [format, source] of [["vhdx", this.vhdx] as const, ["raw", this.raw] as const]) {
        const part = path("part.raw");
        const range = ["bs=1M", `skip=${skip}`, `count=${skip + 3n}`];
        await tool("qemu-img", "dd", "-f", format, "-O", "raw", ...range, `if=${source}`, `of=${part}`);
        parts.push(await readFile(part));
        await rm(part);
      }
      expect(parts[0]!.equals(parts[1]!), `around ${offset}`).to.equal(true);
    }
  }

  for (const type of ["fixed", "dynamic"] as const) {
    it(`finds what is in a ${type} disk grown and shrunk`, async () => {
      const pair = new Pair(type);
      await pair.create({ type, size: 8n * MiB, blockSize: 1 << 20 });
      await pair.write(0n, 4n * MiB - 100n, 8n * MiB - 5000n);
      for (const size of [8n * MiB + 512n, 40n * MiB]) await pair.resize(size);
      await pair.write(20n * MiB + 33n);
      for (const size of [30n * MiB, 21n * MiB + 512n, 64n * MiB, 5n * GiB]) await pair.resize(size);
    });

    it(`finds what is in a ${type} disk whose table moves`, async () => {
      const pair = new Pair(`moved ${type}`);
      await pair.create({ type, size: 8n * MiB, blockSize: 1 << 20 });
      await pair.write(0n, 4n * MiB - 100n, 8n * MiB - 5000n);
      const before = await inspectVhdx(pair.vhdx);
      await pair.resize(200n * GiB);
      await pair.write(150n * GiB);
      await pair.resize(201n * GiB);
      await pair.resize(151n * GiB);
      const after = await inspectVhdx(pair.vhdx);
      expect(after.maximumSize > before.maximumSize).to.equal(true);
      expect(after.payloadOffset).to.equal(before.payloadOffset);
      expect((await stat(pair.vhdx)).blocks * 512, "stays sparse").to.be.below(16 << 20);
    });
  }

  it("finds what is in its own fixed disk, which is not one stretch", async () => {
    const pair = new Pair("qemu");
    await tool("qemu-img", "create", "-f", "vhdx", "-o", "subformat=fixed", pair.vhdx, "64M");
    await writeFile(pair.raw, "");
    await truncate(pair.raw, 64 << 20);
    await pair.write(30n * MiB, 50n * MiB);
    for (const size of [100n * MiB, 150n * MiB]) await pair.resize(size);
    await pair.write(130n * MiB, 90n * MiB);
    for (const size of [140n * MiB, 2n * GiB]) await pair.resize(size);
  });

  it("grows from 1 MiB to 64 TiB in blocks of 1 MiB", async () => {
    const place = path("huge.vhdx");
    await createVhdx(place, { type: "dynamic", size: MiB, blockSize: 1 << 20, virtualDiskId: randomGuid() });
    await resizeVhdx(place, 64n * TiB);
    expect(await inspectVhdx(place)).to.include({ virtualSize: 64n * TiB, maximumSize: 64n * TiB });
    expect((await stat(place)).blocks * 512).to.be.below(1 << 20);
    await resizeVhdx(place, MiB);
    expect((await inspectVhdx(place)).virtualSize).to.equal(MiB);
  });

  it("replays the log of a table's move cut off after its commit", async () => {
    const original = await createInMemory(path("original.vhdx"), {
      ...{ type: "dynamic", size: 8n * MiB, blockSize: 1 << 20 },
    });
    const operations: Operation[] = [];
    await resizeIn(recording(original.copy(), operations), "disk.vhdx", 200n * GiB);
    const file = original.copy();
    const sizes: bigint[] = [];
    for (const [step, operation] of operations.entries()) {
      await perform(file, operation);
      if (operation.kind !== "flush") continue;
      const place = path(`cut-${step}.vhdx`);
      await file.save(place);
      const { virtualSize, logReplayPending } = await inspectVhdx(place);
      // qemu opens a dirty file for writing only, where it replays the log.
      if (logReplayPending) await tool("qemu-img", "check", "-f", "vhdx", "-r", "all", place);
      await qemuCheck(place);
      expect((await qemuInfo(place)).virtualSize, `after ${step}`).to.equal(virtualSize);
      sizes.push(virtualSize);
    }
    expect(new Set(sizes)).to.deep.equal(new Set([8n * MiB, 200n * GiB]));
  });
});
