import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { MiB } from "../../../../src/kit/sizes.ts";
import { createVhdx, inspectVhdx } from "../../../../src/vhdx/index.ts";
import { readDisk, writeDisk } from "../../../support/disk-content.ts";
import { engineRigs, makeVolume } from "../../../support/engine-rig.ts";
import { fakeVm } from "../../../support/fake-host.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";
import { temporaryDirectory } from "../../../support/temporary.ts";

describe("engine import and export", () => {
  const newRig = engineRigs();
  const path = temporaryDirectory();
  before(() => mkdir(path("transfer")));
  const withTransfer = () => newRig({ settings: { transferDirectory: path("transfer") } });

  it("bring in VHDX and raw files as volumes that the host can attach", async () => {
    const rig = await withTransfer();
    const mark = randomBytes(512);
    await createVhdx(path("transfer", "old.vhdx"), {
      type: "dynamic",
      size: 9n * MiB,
      virtualDiskId: randomUUID(),
    });
    await writeDisk(path("transfer", "old.vhdx"), 8n * MiB, mark);
    await writeFile(path("transfer", "old.img"), Buffer.concat([mark, Buffer.alloc(7 << 20)]));
    const fromVhdx = await rig.engine.importVolume("old.vhdx", "one", undefined, context());
    expect(fromVhdx).to.include({ name: "one", size: 10n * MiB, type: "fixed" });
    expect((await readDisk(fromVhdx.path, 8n * MiB, 512)).equals(mark)).to.equal(true);
    expect((await inspectVhdx(fromVhdx.path)).payloadOffset).not.to.equal(undefined);
    const fromRaw = await rig.engine.importVolume("old.img", "two", undefined, context());
    expect(fromRaw.size).to.equal(8n * MiB);
    expect((await readDisk(fromRaw.path, 0n, 512)).equals(mark)).to.equal(true);
    await refused(rig.engine.importVolume("old.img", "two", undefined, context()), "ALREADY_EXISTS");
    expect(await readdir(rig.pool.layout.temporary)).to.deep.equal([]);
  });

  it("take a volume out as VHDX or raw, and never overwrite", async () => {
    const rig = await withTransfer();
    const volume = await makeVolume(rig, 8n * MiB);
    const mark = randomBytes(512);
    await writeDisk(volume.path, MiB, mark);
    await rig.engine.exportVolume(volume.id, "out.vhdx", context());
    await rig.engine.exportVolume(volume.id, "out.raw", context());
    expect((await readDisk(path("transfer", "out.vhdx"), MiB, 512)).equals(mark)).to.equal(true);
    const raw = await readFile(path("transfer", "out.raw"));
    expect(raw.length).to.equal(8 << 20);
    expect(raw.subarray(1 << 20, (1 << 20) + 512).equals(mark)).to.equal(true);
    await refused(rig.engine.exportVolume(volume.id, "out.raw", context()), "ALREADY_EXISTS");
    await rig.engine.attach(fakeVm(1).id, volume.id, false, undefined, context());
    await refused(rig.engine.exportVolume(volume.id, "x.raw", context()), "FAILED_PRECONDITION", "attached");
  });

  it("stay inside the transfer directory, and do nothing without one", async () => {
    const rig = await withTransfer();
    const { id } = await makeVolume(rig);
    await writeFile(path("secret"), "x");
    await symlink(path("secret"), path("transfer", "link"));
    await mkdir(path("transfer", "folder"));
    for (const file of ["../secret", "/etc/passwd", "..", "a/b", "a\\b", "CON", "x:stream", ""]) {
      await refused(rig.engine.importVolume(file, "n", undefined, context()), "INVALID_ARGUMENT");
      await refused(rig.engine.exportVolume(id, file, context()), "INVALID_ARGUMENT");
    }
    await refused(rig.engine.importVolume("missing", "n", undefined, context()), "NOT_FOUND");
    for (const file of ["link", "folder"]) {
      await refused(rig.engine.importVolume(file, "n", undefined, context()), "INVALID_ARGUMENT", "regular");
    }
    const bare = await newRig();
    await refused(
      bare.engine.importVolume("a", "n", undefined, context()),
      "FAILED_PRECONDITION",
      "transferDirectory",
    );
  });
});
