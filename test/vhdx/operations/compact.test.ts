import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../../src/kit/sizes.ts";
import { WritableDisk } from "../../../src/vhdx/disk/writable-disk.ts";
import { inspectVhdx } from "../../../src/vhdx/image/inspect.ts";
import { parentsInside } from "../../../src/vhdx/image/parent-resolver.ts";
import { checkVhdx } from "../../../src/vhdx/operations/check.ts";
import { compactVhdx } from "../../../src/vhdx/operations/compact.ts";
import { createChild } from "../../../src/vhdx/operations/create-child.ts";
import { contentOf, diskWith, writeRandom } from "../support/disks.ts";
import { rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { needs, qemuCheck, tool } from "../support/tools.ts";

const block = (index: number, length = 1 << 20) => [index << 20, length] as const;

describe("vhdx compact", function () {
  this.timeout(300_000);
  before(needs("qemu-img"));
  const path = temporaryDirectory();

  it("frees blocks of zeros, moves the others together, cuts the file, and changes nothing else", async () => {
    const place = path("dynamic.vhdx");
    await diskWith(place, [block(7), block(6), block(5), block(4), block(3), block(2), block(1), block(0)]);
    const disk = await WritableDisk.open(place);
    await disk.write(MiB, Buffer.alloc(1 << 20));
    await disk.write(5n * MiB, Buffer.alloc(1 << 20));
    await disk.trim(7n * MiB, MiB);
    await disk.close();
    const [content, before] = [await contentOf(place), await inspectVhdx(place)];
    const report = await compactVhdx(place);
    expect(report).to.deep.equal({
      sizeBefore: 12n * MiB,
      sizeAfter: 9n * MiB,
      blocksFreed: 2,
      blocksMoved: 2,
    });
    const after = await inspectVhdx(place);
    expect((await contentOf(place)).equals(content)).to.equal(true);
    expect(after.dataWriteGuid, "children stay valid").to.equal(before.dataWriteGuid);
    expect(after.fileWriteGuid).not.to.equal(before.fileWriteGuid);
    expect((await stat(place)).size).to.equal(9 << 20);
    await qemuCheck(place);
    expect((await checkVhdx(place)).findings).to.deep.equal([]);
    const again = await compactVhdx(place);
    expect([again.blocksFreed, again.blocksMoved]).to.deep.equal([0, 0]);
  });

  it("keeps zeros of a child over data of its parent", async () => {
    await diskWith(path("base.vhdx"), [block(0), block(1), block(2)]);
    await createChild(path("child.avhdx"), path("base.vhdx"), { blockSize: 1 << 20 });
    const resolveParent = parentsInside([path(".")]);
    await writeRandom(path("child.avhdx"), [block(4), [3 << 20, 700], block(2)], resolveParent);
    const disk = await WritableDisk.open(path("child.avhdx"), { resolveParent });
    await disk.write(MiB, Buffer.alloc(1 << 20));
    await disk.zero(4n * MiB, MiB);
    await disk.close();
    const content = await contentOf(path("child.avhdx"), resolveParent);
    const { blocksFreed, sizeAfter } = await compactVhdx(path("child.avhdx"));
    expect(blocksFreed).to.equal(1);
    expect(sizeAfter, "structures, a bitmap and two blocks").to.equal(7n * MiB);
    expect((await contentOf(path("child.avhdx"), resolveParent)).equals(content)).to.equal(true);
    expect((await checkVhdx(path("child.avhdx"), { resolveParent })).isClean).to.equal(true);
  });

  it("gives back the space of zeros in a fixed disk, whose blocks stay", async () => {
    const place = path("fixed.vhdx");
    await diskWith(place, [block(0), block(3)], "fixed");
    const disk = await WritableDisk.open(place);
    await disk.write(0n, Buffer.alloc(1 << 20));
    await disk.close();
    const before = await stat(place);
    await compactVhdx(place);
    const after = await stat(place);
    expect(after.size).to.equal(before.size);
    expect(after.blocks * 512).to.be.at.most(before.blocks * 512 - (1 << 20) + 65_536);
    expect((await inspectVhdx(place)).payloadOffset).to.equal(4n * MiB);
  });

  it("leaves a disk as short as it can be, with the same content, whatever was done to it", async () => {
    let number = 0;
    const step = fc.record({ kind: fc.constantFrom("write", "zeros", "trim"), block: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        const place = path(`any-${number++}.vhdx`);
        await diskWith(place, []);
        const disk = await WritableDisk.open(place);
        const holds = new Set<number>();
        for (const { kind, block: at } of steps) {
          const offset = BigInt(at) * MiB;
          if (kind === "trim") await disk.trim(offset, MiB);
          else await disk.write(offset, kind === "write" ? randomBytes(1 << 20) : Buffer.alloc(1 << 20));
          if (kind === "write") holds.add(at);
          else holds.delete(at);
        }
        await disk.close();
        const content = await contentOf(place);
        const { sizeAfter } = await compactVhdx(place);
        expect(sizeAfter).to.equal(4n * MiB + BigInt(holds.size) * MiB);
        expect((await contentOf(place)).equals(content)).to.equal(true);
        expect((await checkVhdx(place)).findings).to.deep.equal([]);
      }),
      { numRuns: 25 },
    );
  });

  it("reads as before for qemu when what it made is compacted", async () => {
    const place = path("qemu.vhdx");
    await tool("qemu-img", "create", "-f", "vhdx", "-o", "block_size=1M", place, "32M");
    const writes = ["write -P 7 20M 2M", "write -P 0 3M 2M", "write -P 8 1M 1M"];
    await tool("qemu-io", "-f", "vhdx", ...writes.flatMap((text) => ["-c", text]), place);
    await tool("qemu-img", "convert", "-f", "vhdx", "-O", "raw", place, path("qemu.raw"));
    const { sizeBefore, sizeAfter } = await compactVhdx(place);
    expect(sizeAfter < sizeBefore).to.equal(true);
    await qemuCheck(place);
    await tool("qemu-img", "compare", "-f", "vhdx", "-F", "raw", place, path("qemu.raw"));
  });

  it("stops at its signal and leaves the disk in order", async () => {
    const place = path("stopped.vhdx");
    await diskWith(place, [block(3), block(2), block(1)]);
    const content = await contentOf(place);
    const abort = new AbortController();
    const onProgress = () => {
      abort.abort(new Error("enough"));
    };
    const error = await rejection(compactVhdx(place, { signal: abort.signal, onProgress }));
    expect(error).to.have.property("message", "enough");
    expect((await contentOf(place)).equals(content)).to.equal(true);
    expect((await checkVhdx(place)).isClean).to.equal(true);
  });
});
