import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { ReadableDisk } from "../../../src/vhdx/disk/readable-disk.ts";
import { parentsInside } from "../../../src/vhdx/image/parent-resolver.ts";
import { changedRanges, type ChangesOptions } from "../../../src/vhdx/operations/changes.ts";
import { cloneVhdx } from "../../../src/vhdx/operations/clone.ts";
import { createChild } from "../../../src/vhdx/operations/create-child.ts";
import { mapDisk } from "../../../src/vhdx/operations/map.ts";
import { resizeVhdx } from "../../../src/vhdx/operations/resize.ts";
import { diskWith, writeRandom } from "../support/disks.ts";
import { rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

describe("vhdx changes", () => {
  const path = temporaryDirectory();
  const resolveParent = () => parentsInside([path(".")]);

  async function changes(
    one: string,
    other: string,
    options: ChangesOptions = {},
  ): Promise<[number, number][]> {
    const first = await ReadableDisk.open(path(one), { resolveParent: resolveParent() });
    const second = await ReadableDisk.open(path(other), { resolveParent: resolveParent() });
    const found: [number, number][] = [];
    try {
      for await (const { offset, length } of changedRanges(first, second, options)) {
        found.push([Number(offset), Number(length)]);
      }
      return found;
    } finally {
      await first.close();
      await second.close();
    }
  }

  before(async () => {
    await diskWith(path("one.vhdx"), [
      [0, 3000],
      [3 << 20, 1 << 20],
    ]);
    await cloneVhdx(path("one.vhdx"), path("other.vhdx"));
    await writeRandom(path("other.vhdx"), [
      [512, 512],
      [(3 << 20) + 4096, 1024],
      [6 << 20, 100],
      [(5 << 20) - 512, 1024],
    ]);
  });

  it("are none between a disk and its copy", async () => {
    await cloneVhdx(path("one.vhdx"), path("copy.vhdx"));
    expect(await changes("one.vhdx", "copy.vhdx")).to.deep.equal([]);
  });

  it("are exact to the sector, joined over block boundaries", async () => {
    const expected = [
      [512, 512],
      [(3 << 20) + 4096, 1024],
      [(5 << 20) - 512, 1024],
      [6 << 20, 512],
    ];
    expect(await changes("one.vhdx", "other.vhdx")).to.deep.equal(expected);
    expect(await changes("other.vhdx", "one.vhdx"), "either way round").to.deep.equal(expected);
  });

  it("are whole blocks at the grain of blocks", async () => {
    expect(await changes("one.vhdx", "other.vhdx", { grain: "block" })).to.deep.equal([
      [0, 1 << 20],
      [3 << 20, 4 << 20],
    ]);
  });

  it("behind the end of the smaller disk are what is not zero", async () => {
    await cloneVhdx(path("one.vhdx"), path("long.vhdx"));
    await resizeVhdx(path("long.vhdx"), 20n * MiB);
    expect(await changes("one.vhdx", "long.vhdx")).to.deep.equal([]);
    await writeRandom(path("long.vhdx"), [[15 << 20, 700]]);
    expect(await changes("long.vhdx", "one.vhdx")).to.deep.equal([[15 << 20, 1024]]);
  });

  it("of a child are found without reading what it shares with its parent", async () => {
    await createChild(path("child.avhdx"), path("one.vhdx"), { blockSize: 1 << 20 });
    await writeRandom(path("child.avhdx"), [[(3 << 20) + 8192, 512]], resolveParent());
    const first = await ReadableDisk.open(path("one.vhdx"));
    const second = await ReadableDisk.open(path("child.avhdx"), { resolveParent: resolveParent() });
    let bytesRead = 0;
    for (const { image } of [...first.layers, ...second.layers]) {
      const { file } = image;
      const readInto = file.readInto.bind(file);
      file.readInto = (structure, offset, target) => {
        bytesRead += target.length;
        return readInto(structure, offset, target);
      };
    }
    const found = [];
    for await (const range of changedRanges(first, second)) found.push(range);
    expect(found).to.deep.equal([{ offset: 3n * MiB + 8192n, length: 512n }]);
    expect(bytesRead, "the changed sector on both sides").to.equal(1024);
    await first.close();
    await second.close();
  });

  it("stop at their signal and tell how far they are", async () => {
    const seen: bigint[] = [];
    await changes("one.vhdx", "other.vhdx", {
      onProgress: (done, total) => {
        expect(total).to.equal(8n * MiB);
        seen.push(done);
      },
    });
    expect(seen.at(-1)).to.equal(8n * MiB);
    expect(seen).to.deep.equal(seen.toSorted((one, other) => (one < other ? -1 : 1)));
    const error = await rejection(
      changes("one.vhdx", "other.vhdx", { signal: AbortSignal.abort(new Error("stop")) }),
    );
    expect(error).to.have.property("message", "stop");
  });
});

describe("vhdx map", () => {
  const path = temporaryDirectory();

  it("has the stretches that hold data, with depth and place, and no holes", async () => {
    await diskWith(path("base.vhdx"), [
      [0, 4096],
      [5 << 20, 1 << 20],
    ]);
    await createChild(path("child.avhdx"), path("base.vhdx"), { blockSize: 1 << 20 });
    const resolveParent = parentsInside([path(".")]);
    await writeRandom(path("child.avhdx"), [[(5 << 20) + 8192, 4096]], resolveParent);
    const disk = await ReadableDisk.open(path("child.avhdx"), { resolveParent });
    const found = [];
    for await (const { offset, length, depth } of mapDisk(disk))
      found.push([Number(offset), Number(length), depth]);
    expect(found).to.deep.equal([
      [0, 4096, 1],
      [5 << 20, 8192, 1],
      [(5 << 20) + 8192, 4096, 0],
      [(5 << 20) + 12_288, (1 << 20) - 12_288, 1],
    ]);
    const part = [];
    for await (const { offset, length } of mapDisk(disk, { offset: 100n, length: 1000n }))
      part.push([offset, length]);
    expect(part).to.deep.equal([[100n, 1000n]]);
    await disk.close();
  });
});
