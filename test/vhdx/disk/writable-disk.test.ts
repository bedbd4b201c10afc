import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { MiB, TiB } from "../../../src/kit/sizes.ts";
import { WritableDisk } from "../../../src/vhdx/disk/writable-disk.ts";
import { ReadableDisk } from "../../../src/vhdx/disk/readable-disk.ts";
import { tableView, writeEntry } from "../../../src/vhdx/format/block-table.ts";
import { readHeaders } from "../../../src/vhdx/format/header.ts";
import type { WritableFile } from "../../../src/vhdx/storage/file.ts";
import { createInMemory } from "../support/images.ts";
import { makeDirty } from "../support/dirty.ts";
import type { MemoryFile } from "../support/memory-file.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { type Operation, recording } from "../support/recorder.ts";
import { temporaryDirectory } from "../support/temp.ts";

const SIZE = 6n * MiB;

describe("vhdx writable disk", () => {
  const path = temporaryDirectory();
  let number = 0;
  let file: MemoryFile;
  beforeEach(async () => {
    file = await createInMemory(path(`${number++}.vhdx`), {
      type: "dynamic",
      size: SIZE,
      blockSize: 1 << 20,
    });
  });

  async function contentOf(source: MemoryFile): Promise<Buffer> {
    const disk = await ReadableDisk.on(source, "disk");
    const bytes = Buffer.alloc(Number(disk.virtualSize));
    await disk.read(0n, bytes);
    return bytes;
  }

  it("takes many writes and reads at once", async () => {
    const disk = await WritableDisk.on(file, "disk");
    const model = Buffer.alloc(Number(SIZE));
    const pieces = Array.from({ length: 200 }, (_, index) => ({
      at: index * 31_000,
      data: randomBytes(31_000),
    }));
    await Promise.all(
      pieces.map(async ({ at, data }) => {
        data.copy(model, at);
        await disk.write(BigInt(at), data);
        const back = Buffer.alloc(data.length);
        await disk.read(BigInt(at), back);
        expect(back.equals(data)).to.equal(true);
      }),
    );
    await disk.close();
    expect((await contentOf(file)).equals(model)).to.equal(true);
  });

  it("changes nothing when nothing is written", async () => {
    const before = file.copy();
    const disk = await WritableDisk.on(file, "disk");
    await disk.read(0n, Buffer.alloc(5000));
    await disk.flush();
    await disk.close();
    expect(file.equals(before)).to.equal(true);
  });

  it("renews both GUIDs once, before the first change", async () => {
    const operations: Operation[] = [];
    const { header: before } = await readHeaders(file);
    const disk = await WritableDisk.on(recording(file, operations), "disk");
    await disk.write(0n, Buffer.from("a"));
    await disk.write(9000n, Buffer.from("b"));
    const headerWrites = operations.filter((one) => one.kind === "write" && one.offset < 0x30000n);
    expect(headerWrites.length).to.equal(1);
    expect(operations.indexOf(headerWrites[0]!)).to.equal(0);
    await disk.close();
    const { header: after } = await readHeaders(file);
    expect(after.dataWriteGuid).not.to.equal(before.dataWriteGuid);
    expect(after.fileWriteGuid).not.to.equal(before.fileWriteGuid);
  });

  it("refuses what is not inside the disk", async () => {
    const disk = await WritableDisk.on(file, "disk");
    for (const [offset, length] of [
      [SIZE, 1n],
      [-1n, 1n],
      [SIZE - 5n, 6n],
      [0n, -1n],
    ] as const) {
      expect(await rejection(disk.zero(offset, length))).to.be.instanceOf(RangeError);
      if (length < 0n) continue;
      expect(await rejection(disk.write(offset, Buffer.alloc(Number(length))))).to.be.instanceOf(RangeError);
      expect(await rejection(disk.read(offset, Buffer.alloc(Number(length))))).to.be.instanceOf(RangeError);
    }
    await disk.close();
  });

  it("is not opened, nor its log replayed, when blocks lie over one another", async () => {
    const bytes = Buffer.alloc(16);
    writeEntry(tableView(bytes), 0, 6, 4);
    writeEntry(tableView(bytes), 1, 6, 4);
    file.put(3n * MiB, bytes);
    await file.resize(8n * MiB);
    await makeDirty(file, [{ offset: 3n * MiB + 8192n, length: 4096n }]);
    const before = file.copy();
    await expectVhdxError(WritableDisk.on(file, "disk"), "block table", /lies over another/);
    expect(file.equals(before)).to.equal(true);
  });

  it("takes no more changes after a flush that failed, and keeps the log for the replay", async () => {
    let broken = false;
    const flush = file.flush.bind(file);
    file.flush = () => (broken ? Promise.reject(new Error("EIO")) : flush());
    const disk = await WritableDisk.on(file, "disk");
    await disk.write(0n, Buffer.alloc(100, 1));
    await disk.flush();
    await disk.write(2n * MiB, Buffer.alloc(100, 2));
    broken = true;
    expect(await rejection(disk.flush())).to.have.property("message", "EIO");
    broken = false;
    expect(await rejection(disk.write(0n, Buffer.from("x"))))
      .to.have.property("message")
      .that.matches(/earlier write failed/);
    await disk.close();
    const content = await contentOf(file);
    expect(content.subarray(0, 100).equals(Buffer.alloc(100, 1)), "what was flushed is there").to.equal(true);
  });

  it("stops at its signal between blocks", async () => {
    const disk = await WritableDisk.on(file, "disk");
    const signal = AbortSignal.abort(new Error("stop"));
    for (const call of [
      disk.write(0n, Buffer.alloc(10), signal),
      disk.zero(0n, 10n, signal),
      disk.trim(0n, 10n, signal),
    ]) {
      expect(await rejection(call)).to.have.property("message", "stop");
    }
    await disk.close();
  });

  it("uses the space of trimmed blocks again once that is durable", async () => {
    const disk = await WritableDisk.on(file, "disk");
    const data = Buffer.alloc(1 << 20, 3);
    for (let round = 0; round < 5; round++) {
      await disk.write(0n, data);
      await disk.write(MiB, data);
      await disk.trim(0n, 2n * MiB);
      await disk.flush();
    }
    await disk.write(3n * MiB, Buffer.from("z"));
    await disk.close();
    expect(await file.size()).to.equal(6n * MiB);
    const content = await contentOf(file);
    expect(content.filter((byte) => byte !== 0).length, "no old data comes back").to.equal(1);
  });

  it("gives the space of one trimmed block to one block only", async () => {
    const disk = await WritableDisk.on(file, "disk");
    await disk.write(0n, Buffer.alloc(1 << 20, 1));
    await disk.trim(0n, MiB);
    await disk.flush();
    await disk.write(2n * MiB, Buffer.alloc(1 << 20, 2));
    await disk.write(4n * MiB, Buffer.alloc(1 << 20, 3));
    await disk.close();
    const content = await contentOf(file);
    for (const [block, byte] of [0, 0, 2, 0, 3, 0].entries()) {
      const start = block << 20;
      expect(
        content.subarray(start, start + (1 << 20)).equals(Buffer.alloc(1 << 20, byte)),
        `block ${block}`,
      ).to.equal(true);
    }
  });

  it("needs little memory for 64 TiB in blocks of 1 MiB", async () => {
    const huge = await createInMemory(path("huge.vhdx"), {
      type: "dynamic",
      size: 64n * TiB,
      blockSize: 1 << 20,
    });
    const reads: number[] = [];
    const counted: WritableFile = new Proxy(huge, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "read") return typeof value === "function" ? (value.bind(target) as unknown) : value;
        return (structure: string, offset: bigint, length: number) => {
          reads.push(length);
          return target.read(structure, offset, length);
        };
      },
    });
    const disk = await WritableDisk.on(counted, "huge");
    await disk.write(63n * TiB, Buffer.from("far away"));
    await disk.close();
    expect(Math.max(...reads)).to.be.at.most(1 << 20);
    const reader = await ReadableDisk.on(huge, "huge");
    const bytes = Buffer.alloc(8);
    await reader.read(63n * TiB, bytes);
    expect(bytes.toString()).to.equal("far away");
  }).timeout(300_000);
});
