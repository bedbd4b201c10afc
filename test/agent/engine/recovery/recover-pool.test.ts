import { randomUUID } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Volume } from "../../../../src/agent/engine/model.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { createVhdx } from "../../../../src/vhdx/index.ts";
import { checksum, writeBytes } from "../../../support/device-bytes.ts";
import {
  engineRigs,
  exactly,
  makeVolume,
  newVolume,
  restarted,
  type EngineRig,
} from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

const SIZE = 8n * MiB;

describe("a pool opened again", () => {
  const newRig = engineRigs();
  const restart = (rig: EngineRig) => restarted(rig);
  const namesIn = async (rig: EngineRig) =>
    (await rig.engine.listVolumes({ maxEntries: 0, token: undefined }, context())).items
      .map(({ name }) => name)
      .sort();

  /** A disk made by hand, as another driver or an administrator leaves it. */
  async function plant(rig: EngineRig, fileName: string, virtualDiskId: string): Promise<string> {
    const path = join(rig.pool.directory, fileName);
    await createVhdx(path, { type: "dynamic", size: SIZE, virtualDiskId });
    return path;
  }

  it("knows every volume as it was, from the disks alone", async () => {
    const rig = await newRig();
    const made: Volume[] = [];
    for (const name of ["one", "two", "drei ß", "日本語"]) made.push(await makeVolume(rig, SIZE, name));
    await rig.engine.expandVolume(made[1]!.id, exactly(12n * MiB), context());
    await rig.engine.deleteVolume(made[2]!.id, context());
    const again = await restart(rig);
    expect(await namesIn(again)).to.deep.equal(["one", "two", "日本語"].sort());
    expect(await again.engine.getVolume(made[0]!.id, context())).to.deep.equal(made[0]);
    expect((await again.engine.getVolume("two", context())).size).to.equal(12n * MiB);
  });

  it("adopts a disk of the same layout that another driver made, whatever the case of its id", async () => {
    const rig = await newRig();
    const [id, upper] = [randomUUID(), randomUUID()];
    await plant(rig, `adopted;${id}.vhdx`, id);
    const path = await plant(rig, `Upper;${upper.toUpperCase()}.VHDX`, upper);
    const again = await restart(rig);
    expect(await again.engine.getVolume("adopted", context())).to.include({
      id,
      size: SIZE,
      type: "dynamic",
    });
    expect(await again.engine.getVolume(upper, context())).to.include({ name: "Upper", path });
    await again.engine.deleteVolume(upper, context());
    expect((await readdir(rig.pool.directory)).some((name) => name.startsWith("Upper"))).to.equal(false);
  });

  it("removes the temporary disks of creates that never ended, and nothing else", async () => {
    const rig = await newRig();
    const temporary = join(rig.pool.directory, ".tmp");
    const left = randomUUID();
    await createVhdx(join(temporary, `${left}.vhdx`), { type: "fixed", size: SIZE, virtualDiskId: left });
    await writeFile(join(temporary, `${randomUUID()}.vhdx`), "cut off");
    const foreign = [
      "notes.txt",
      `${randomUUID().toUpperCase()}.vhdx`,
      `x${randomUUID()}.vhdx`,
      `${randomUUID()}.vhdx.bak`,
    ];
    for (const name of foreign) await writeFile(join(temporary, name), name);
    const again = await restart(rig);
    expect((await readdir(temporary)).sort()).to.deep.equal([...foreign].sort());
    expect(await namesIn(again)).to.deep.equal([]);
  });

  it("leaves foreign files in the pool alone", async () => {
    const rig = await newRig();
    await makeVolume(rig, SIZE, "own");
    const id = randomUUID();
    const foreign = ["notes.txt", `own_${id}.avhdx`, `own;${id}.json`, `${id}.vhdx`, "iso;old.vhdx"];
    for (const name of foreign) await writeFile(join(rig.pool.directory, name), name);
    await mkdir(join(rig.pool.directory, `directory;${id}.vhdx`));
    const again = await restart(rig);
    expect(await namesIn(again)).to.deep.equal(["own"]);
    for (const name of foreign) expect(await readFile(join(rig.pool.directory, name), "utf8")).to.equal(name);
    expect(await readdir(rig.pool.directory)).to.include(`directory;${id}.vhdx`);
  });

  describe("with a disk that it can't serve", () => {
    const damage: [what: string, spoil: (path: string) => Promise<void>][] = [
      ["is empty", (path) => truncate(path, 0)],
      ["is cut off", (path) => truncate(path, 100_000)],
      ["has both headers spoilt", (path) => writeBytes(path, 64 * 1024, Buffer.alloc(128 * 1024, 7))],
      ["is no VHDX", (path) => writeBytes(path, 0, Buffer.from("no disk!"))],
    ];
    for (const [what, spoil] of damage) {
      it(`because it ${what}: serves the others, changes no byte of it, and gives its name to nobody`, async () => {
        const rig = await newRig();
        await makeVolume(rig, SIZE, "sound");
        const { id, path } = await makeVolume(rig, SIZE, "damaged");
        await spoil(path);
        const before = await checksum(path);
        const again = await restart(rig);
        expect(await namesIn(again)).to.deep.equal(["sound"]);
        await refusesChanges(again, "damaged", id);
        expect(await checksum(path)).to.equal(before);
      });
    }

    it("because its name and its id differ: it is not adopted, and left alone", async () => {
      const rig = await newRig();
      const [named, real] = [randomUUID(), randomUUID()];
      const path = await plant(rig, `copy;${named}.vhdx`, real);
      const before = await checksum(path);
      const again = await restart(rig);
      expect(await namesIn(again)).to.deep.equal([]);
      await refused(again.engine.getVolume(real, context()), "NOT_FOUND");
      await refusesChanges(again, "copy", named);
      expect(await checksum(path)).to.equal(before);
    });

    it("because two have one name: both are left out and left alone", async () => {
      const rig = await newRig();
      const first = await makeVolume(rig, SIZE, "twice");
      const second = randomUUID();
      await plant(rig, `twice;${second}.vhdx`, second);
      const again = await restart(rig);
      expect(await namesIn(again)).to.deep.equal([]);
      for (const id of [first.id, second]) await refusesChanges(again, "twice", id);
    });

    it("because two have one id, or ids that a guest can't tell apart", async () => {
      const rig = await newRig();
      const one = await makeVolume(rig, SIZE, "one");
      await copyFile(one.path, join(rig.pool.directory, `other;${one.id}.vhdx`));
      const visible = randomUUID();
      // The guest sees twelve of the sixteen bytes; those of the third and fourth group are not among them.
      const alike = `${visible.slice(0, 15)}${visible[15] === "0" ? "1" : "0"}${visible.slice(16)}`;
      await plant(rig, `visible;${visible}.vhdx`, visible);
      await plant(rig, `alike;${alike}.vhdx`, alike);
      const again = await restart(rig);
      expect(await namesIn(again)).to.deep.equal([]);
      await refusesChanges(again, "other", one.id);
      await refusesChanges(again, "alike", alike);
      expect((await readdir(rig.pool.directory)).filter((name) => name.endsWith(".vhdx"))).to.have.length(4);
    });

    /** What can't be served must not be replaced, deleted, changed, or said to be gone. */
    async function refusesChanges({ engine, pool, host }: EngineRig, name: string, id: string) {
      const files = (await readdir(pool.directory)).sort();
      const vmId = host.vms[0]!.id;
      const changes = [
        () => engine.createVolume(newVolume(name, exactly(SIZE)), context()),
        () => engine.deleteVolume(id, context()),
        () => engine.expandVolume(id, exactly(2n * SIZE), context()),
        () => engine.attach(vmId, id, false, undefined, context()),
        () => engine.getVolume(id, context()),
      ];
      for (const change of changes) await refused(change(), "FAILED_PRECONDITION", "is left alone");
      expect((await readdir(pool.directory)).sort()).to.deep.equal(files);
    }
  });
});
