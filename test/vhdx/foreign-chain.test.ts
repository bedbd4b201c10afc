import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import {
  convertDisk,
  createChild,
  createVhdx,
  parentsInside,
  ReadableDisk,
  WritableDisk,
} from "../../src/vhdx/index.ts";
import { randomGuid } from "../../src/vhdx/format/guid.ts";
import { temporaryDirectory } from "./support/temp.ts";
import { needs, qemuCheck, tool } from "./support/tools.ts";

const run = promisify(execFile);
const SIZE = 5 * (1 << 20) + 512 * 77;

/**
 * Random writes and some zeros to a disk and to the array that it must equal. No zeros cover a whole block: such a block
 * gets the state ZERO, which hides the parent by MS-VHDX 2.5.1.1, but libvhdi 20210425 reads the parent's bytes there.
 */
async function scribble(disk: WritableDisk, model: Buffer, count: number): Promise<void> {
  for (let step = 0; step < count; step++) {
    const [place = 0, spread = 0, kind = 0] = randomBytes(12).reduce<number[]>((all, byte, index) => {
      all[index % 3] = (all[index % 3] ?? 0) * 256 + byte;
      return all;
    }, []);
    const at = place % SIZE;
    const zeros = kind % 7 === 1;
    const length = Math.min(SIZE - at, 1 + (spread % (kind % 5 === 0 && !zeros ? 1_500_000 : 7000)));
    if (zeros) {
      await disk.zero(BigInt(at), BigInt(length));
      model.fill(0, at, at + length);
    } else {
      const data = randomBytes(length);
      await disk.write(BigInt(at), data);
      data.copy(model, at);
    }
  }
}

describe("vhdx chains as others see them", function () {
  this.timeout(300_000);
  before(needs("qemu-img", "qemu-io", "vhdiinfo", "vhdimount"));
  const path = temporaryDirectory();
  const model = Buffer.alloc(SIZE);
  const models: Buffer[] = [];
  const files = ["base.vhdx", "first.avhdx", "second.avhdx"];

  before(async () => {
    const options = { resolveParent: parentsInside([path(".")]) };
    await createVhdx(path("base.vhdx"), {
      type: "dynamic",
      size: BigInt(SIZE),
      virtualDiskId: randomGuid(),
      blockSize: 1 << 20,
    });
    for (const [index, name] of files.entries()) {
      if (index > 0) await createChild(path(name), path(files[index - 1]!), { blockSize: 1 << 20 });
      const disk = await WritableDisk.open(path(name), options);
      await scribble(disk, model, 25);
      await disk.close();
      models.push(Buffer.from(model));
    }
  });

  it("are described by libvhdi with type, size, linkage and parent", async () => {
    const disk = await ReadableDisk.open(path("first.avhdx"), { resolveParent: parentsInside([path(".")]) });
    const { parentLocator } = disk.layers[0].image.disk;
    await disk.close();
    const text = await tool("vhdiinfo", path("first.avhdx"));
    expect(text).to.match(/Disk type\s*: Differential/);
    expect(text).to.contain(`(${SIZE} bytes)`);
    expect(text).to.match(new RegExp(`Parent identifier\\s*: ${parentLocator?.linkage}`));
    expect(text).to.match(/Parent filename\s*: .*base\.vhdx/);
  });

  it("read through libvhdi's mount as they should, at every depth", async () => {
    const place = path("mnt");
    await mkdir(place);
    await run("vhdimount", [path("second.avhdx"), place]);
    try {
      // The mount shows the chain from its root on: vhdi1 is the base, the last one the file itself.
      for (const [index, expected] of models.entries()) {
        const seen = await readFile(`${place}/vhdi${index + 1}`);
        expect(seen.equals(expected), `vhdi${index + 1}`).to.equal(true);
      }
    } finally {
      await run("umount", [place]);
    }
  });

  it("that are flattened read through libvhdi's mount, too, dynamic and fixed", async () => {
    const resolveParent = parentsInside([path(".")]);
    for (const to of ["dynamic", "fixed"] as const) {
      await convertDisk(path("second.avhdx"), path(`lone-${to}.vhdx`), { from: "vhdx", to, resolveParent });
      expect(await tool("vhdiinfo", path(`lone-${to}.vhdx`))).to.match(
        new RegExp(`Disk type\\s*: ${to}`, "i"),
      );
      const place = path(`mnt-${to}`);
      await mkdir(place);
      await run("vhdimount", [path(`lone-${to}.vhdx`), place]);
      try {
        expect((await readFile(`${place}/vhdi1`)).equals(model), to).to.equal(true);
      } finally {
        await run("umount", [place]);
      }
    }
  });

  it("are flattened to what qemu reads", async () => {
    const resolveParent = parentsInside([path(".")]);
    await writeFile(path("model.raw"), model);
    for (const to of ["dynamic", "fixed"] as const) {
      await convertDisk(path("second.avhdx"), path(`${to}.vhdx`), { from: "vhdx", to, resolveParent });
      await qemuCheck(path(`${to}.vhdx`));
      await tool("qemu-img", "compare", "-f", "vhdx", "-F", "raw", path(`${to}.vhdx`), path("model.raw"));
    }
    await convertDisk(path("second.avhdx"), path("flat.raw"), { from: "vhdx", to: "raw", resolveParent });
    expect((await readFile(path("flat.raw"))).equals(model)).to.equal(true);
  });

  it("of files that qemu made start with what it wrote", async () => {
    const base = path("qemu.vhdx");
    await tool("qemu-img", "create", "-f", "vhdx", base, "64M");
    await tool("qemu-io", "-f", "vhdx", "-c", "write -P 7 1M 3M", base);
    await createChild(path("on-qemu.avhdx"), base);
    const options = { resolveParent: parentsInside([path(".")]) };
    const disk = await WritableDisk.open(path("on-qemu.avhdx"), options);
    await disk.write(2n * MiB + 100n, Buffer.alloc(10, 9));
    const bytes = Buffer.alloc(6 << 20);
    await disk.read(0n, bytes);
    await disk.close();
    const expected = Buffer.alloc(6 << 20)
      .fill(7, 1 << 20, 4 << 20)
      .fill(9, (2 << 20) + 100, (2 << 20) + 110);
    expect(bytes.equals(expected)).to.equal(true);
  });

  it("read every file that qemu made as qemu does", async () => {
    for (const [name, options] of [
      ["dynamic", "subformat=dynamic"],
      ["dynamic-1M", "subformat=dynamic,block_size=1M"],
      ["dynamic-off", "subformat=dynamic,block_state_zero=off"],
      ["fixed", "subformat=fixed"],
      ["fixed-off", "subformat=fixed,block_state_zero=off"],
    ] as const) {
      const place = path(`${name}-of-qemu.vhdx`);
      await tool("qemu-img", "create", "-f", "vhdx", "-o", options, place, "48M");
      const writes = ["write -P 3 0 1M", "write -P 5 17M 9M", "write -P 9 47M 1M", "write -z 20M 1M"];
      await tool("qemu-io", "-f", "vhdx", ...writes.flatMap((command) => ["-c", command]), place);
      const raw = path(`${name}.raw`);
      await tool("qemu-img", "convert", "-f", "vhdx", "-O", "raw", place, raw);
      const disk = await ReadableDisk.open(place);
      const bytes = Buffer.alloc(48 << 20);
      await disk.read(0n, bytes);
      await disk.close();
      expect(bytes.equals(await readFile(raw)), name).to.equal(true);
      const changed = await WritableDisk.open(place);
      await changed.write(30n * MiB + 7n, Buffer.alloc(100_000, 8));
      await changed.close();
      const handle = await open(raw, "r+");
      await handle.write(Buffer.alloc(100_000, 8), 0, 100_000, (30 << 20) + 7);
      await handle.close();
      await qemuCheck(place);
      await tool("qemu-img", "compare", "-f", "vhdx", "-F", "raw", place, raw);
    }
  });
});
