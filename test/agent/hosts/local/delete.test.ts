import { link, mkdir, open, rename, stat, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect } from "chai";
import { loopsBelow } from "../../../support/scratch-directory.ts";
import { makeVolume } from "../../../support/engine-rig.ts";
import { context, linkOf, localRig } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("local host, deleting a volume", () => {
  const rig = localRig();

  it("frees its bytes also when an attachment's link was left behind", async () => {
    const volume = await makeVolume(rig);
    for (const { id } of rig.vms) {
      const left = linkOf(rig, id, volume.id);
      await mkdir(dirname(left), { recursive: true });
      await link(volume.path, left);
    }
    const file = await open(volume.path, "r");
    expect((await file.stat()).nlink).to.equal(3);
    await rig.engine.deleteVolume(volume.id, context());
    expect((await file.stat()).nlink).to.equal(0);
    await file.close();
  });

  it("is refused while it is attached, and leaves device, link and disk alone", async () => {
    const volume = await makeVolume(rig);
    await rig.engine.attach(rig.vms[1].id, volume.id, false, undefined, context());
    const before = loopsBelow(rig.pool);
    await refused(rig.engine.deleteVolume(volume.id, context()), "FAILED_PRECONDITION", rig.vms[1].id);
    expect(loopsBelow(rig.pool)).to.deep.equal(before);
    expect((await stat(volume.path)).nlink).to.equal(2);
    await rig.engine.detach(rig.vms[1].id, volume.id, context());
    await rig.engine.deleteVolume(volume.id, context());
    expect(loopsBelow(rig.pool)).to.deep.equal([]);
  });

  it("is refused while a device has it whose link somebody removed, as is another VM", async () => {
    const volume = await makeVolume(rig);
    const [{ id: one }, { id: two }] = rig.vms;
    await rig.engine.attach(one, volume.id, false, undefined, context());
    await unlink(linkOf(rig, one, volume.id));
    const [attachment] = await rig.engine.attachmentsOf(volume.id, context());
    expect(attachment).to.include({ vmId: one, readOnly: false });
    await refused(rig.engine.attach(two, volume.id, false, undefined, context()), "FAILED_PRECONDITION", one);
    await refused(rig.engine.deleteVolume(volume.id, context()), "FAILED_PRECONDITION", one);
    expect(await rig.host.leftovers(true)).to.deep.equal([]);
    await rig.engine.detach(one, volume.id, context());
    expect(loopsBelow(rig.pool)).to.deep.equal([]);
    await rig.engine.deleteVolume(volume.id, context());
  });

  it("leaves what a VM wrote, whose last name is a link, when another disk lies in its place", async () => {
    const [volume, other] = [await makeVolume(rig), await makeVolume(rig)];
    const vm = rig.vms[0].id;
    const written = (await stat(volume.path)).ino;
    await rig.engine.attach(vm, volume.id, false, undefined, context());
    await rename(other.path, volume.path);
    await rig.engine.detach(vm, volume.id, context());
    await refused(rig.engine.deleteVolume(volume.id, context()), "FAILED_PRECONDITION", "replaced");
    const last = linkOf(rig, vm, volume.id);
    expect((await stat(last)).ino).to.equal(written);
    await rename(volume.path, other.path);
    await rename(last, volume.path);
    await rig.engine.deleteVolume(volume.id, context());
  });

  it("leaves links of other volumes and foreign files alone", async () => {
    const [volume, other] = [await makeVolume(rig), await makeVolume(rig)];
    await rig.engine.attach(rig.vms[0].id, other.id, true, undefined, context());
    const notes = linkOf(rig, rig.vms[0].id, "notes");
    await writeFile(notes, "keep");
    await rig.engine.deleteVolume(volume.id, context());
    expect((await stat(other.path)).nlink).to.equal(2);
    expect((await stat(notes)).size).to.equal(4);
    await rig.engine.detach(rig.vms[0].id, other.id, context());
  });
});
