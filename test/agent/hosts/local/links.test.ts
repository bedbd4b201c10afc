import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { AttachmentLinks } from "../../../../src/agent/hosts/local/links.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";

const VM = randomUUID();

describe("attachment links", () => {
  const path = scratchDirectory();
  let pools = 0;

  async function newPool() {
    const pool = path(`pool-${pools++}`);
    await mkdir(pool);
    const links = new AttachmentLinks();
    await links.openPool(pool);
    const newDisk = async () => {
      const disk = { volumeId: randomUUID(), path: join(pool, `${randomUUID()}.disk`) };
      await writeFile(disk.path, disk.volumeId);
      return disk;
    };
    return { pool, links, newDisk };
  }

  const namesOf = async (file: string) => (await stat(file)).nlink;
  const isThere = (file: string) =>
    stat(file).then(
      () => true,
      () => false,
    );

  it("name VM and volume, and are read back from the name alone", async () => {
    const { pool, links, newDisk } = await newPool();
    const disk = await newDisk();
    const made = links.make(disk, VM);
    expect(made).to.equal(join(pool, ".vms", VM, `${disk.volumeId}.vhdx`));
    expect(links.parse(made)).to.deep.equal({ vmId: VM, volumeId: disk.volumeId });
    expect((await stat(made)).ino).to.equal((await stat(disk.path)).ino);
  });

  it("are none of ours under another pool or another name", async () => {
    const { pool, links } = await newPool();
    const file = `${randomUUID()}.vhdx`;
    const own = join(pool, ".vms", VM, file);
    const foreign = [
      join(`${pool}2`, ".vms", VM, file),
      join("/elsewhere", own),
      join(pool, ".vms", VM, "deeper", file),
      join(pool, ".vms", file),
      join(pool, ".vms", VM.toUpperCase(), file),
      join(pool, ".vms", VM, "volume.vhdx"),
      join(pool, file),
      `${own}x`,
      "",
    ];
    expect(links.parse(own)).not.to.equal(undefined);
    for (const name of foreign) expect(links.parse(name), name).to.equal(undefined);
  });

  it("are told by the kernel to be deleted once they are removed, and are the VM's still", async () => {
    const { pool, links } = await newPool();
    const volumeId = randomUUID();
    const backingFile = `${join(pool, ".vms", VM, `${volumeId}.vhdx`)} (deleted)`;
    expect(links.parse(backingFile)).to.deep.equal({ vmId: VM, volumeId });
    await mkdir(join(pool, ".vms", VM), { recursive: true });
    await writeFile(backingFile, "a file that is named so");
    expect(await links.list()).to.deep.equal([]);
  });

  it("of an earlier attach are replaced", async () => {
    const { links, newDisk } = await newPool();
    const disk = await newDisk();
    links.make(disk, VM);
    expect(links.make(disk, VM)).to.equal(links.path(disk, VM));
    expect(await namesOf(disk.path)).to.equal(2);
  });

  it("are removed, but never as the last name of a disk", async () => {
    const { links, newDisk } = await newPool();
    const disk = await newDisk();
    const made = links.make(disk, VM);
    await rm(disk.path);
    links.remove(made);
    await links.removeAll(disk.volumeId);
    expect(await isThere(made)).to.equal(true);

    await link(made, disk.path);
    links.remove(made);
    expect(await isThere(made)).to.equal(false);
    expect(await isThere(disk.path)).to.equal(true);
    links.remove(made);
  });

  it("that no loop device has are swept, the others stay", async () => {
    const { pool, links, newDisk } = await newPool();
    const [used, left] = [await newDisk(), await newDisk()];
    const inUse = links.make(used, VM);
    const stale = links.make(left, VM);
    const lonely = links.make(left, randomUUID());
    expect(await links.sweep(() => new Set([inUse]))).to.have.members([stale, lonely]);
    expect(await isThere(inUse)).to.equal(true);
    expect(await isThere(stale)).to.equal(false);
    expect(await isThere(lonely)).to.equal(false);
    expect(await namesOf(left.path)).to.equal(1);
    expect(await readdir(join(pool, ".vms"))).to.deep.equal([VM]);
  });

  it("that come into use while a sweep goes on stay", async () => {
    const { links, newDisk } = await newPool();
    const made = links.make(await newDisk(), VM);
    const inUse = new Set<string>();
    const sweeping = links.sweep(() => new Set(inUse));
    inUse.add(made);
    expect(await sweeping).to.deep.equal([]);
    expect(await isThere(made)).to.equal(true);
  });

  it("are made in one step, which no sweep of empty directories comes between", async () => {
    const { pool, links, newDisk } = await newPool();
    const disk = await newDisk();
    await mkdir(join(pool, ".vms", VM), { recursive: true });
    const sweeping = links.sweep(() => new Set([links.path(disk, VM)]));
    const made = links.make(disk, VM);
    await sweeping;
    expect(await isThere(made)).to.equal(true);
  });

  it("are swept around what is not ours", async () => {
    const { pool, links, newDisk } = await newPool();
    const stale = links.make(await newDisk(), VM);
    const foreign = [join(pool, ".vms", "notes.txt"), join(pool, ".vms", VM, "notes.txt")];
    for (const file of foreign) await writeFile(file, "keep");
    await links.sweep(() => new Set());
    expect(await isThere(stale)).to.equal(false);
    for (const file of foreign) expect(await isThere(file), file).to.equal(true);
  });

  it("of a volume being deleted go from every VM, and no other volume's", async () => {
    const { pool, links, newDisk } = await newPool();
    const [gone, kept] = [await newDisk(), await newDisk()];
    const vms = [VM, randomUUID(), randomUUID()];
    for (const vm of vms) for (const disk of [gone, kept]) links.make(disk, vm);
    await writeFile(join(pool, ".vms", "notes.txt"), "keep");
    await links.removeAll(gone.volumeId);
    expect(await namesOf(gone.path)).to.equal(1);
    expect(await namesOf(kept.path)).to.equal(1 + vms.length);
  });

  it("need no directory of their own before the first attach", async () => {
    const { links } = await newPool();
    await links.sweep(() => new Set());
    await links.removeAll(randomUUID());
  });
});
