import { readFile, readdir } from "node:fs/promises";
import { expect } from "chai";
import { MiB } from "../../../../src/kit/sizes.ts";
import { engineRigs, exactly, makeVolume, newVolume, restarted } from "../../../support/engine-rig.ts";
import { fakeVm } from "../../../support/fake-host.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("engine modify", () => {
  const newRig = engineRigs();

  it("changes labels and attributes, which outlive a restart; a volume without any has no record", async () => {
    let rig = await newRig();
    const plain = await makeVolume(rig);
    const volume = await rig.engine.createVolume(
      newVolume("labelled", exactly(8n * MiB), { labels: { app: "db", tier: "gold" } }),
      context(),
    );
    const records = async () => (await readdir(rig.directories[0]!)).filter((name) => name.endsWith(".json"));
    expect(await records()).to.have.members([".hyperv-csi.json", `labelled;${volume.id}.json`]);
    const changed = await rig.engine.modifyVolume(
      volume.id,
      { labels: { tier: null, env: "" }, attributes: { maximumIops: "500" } },
      context(),
    );
    expect(changed.labels).to.deep.equal({ app: "db", env: "" });
    expect(changed.attributes).to.deep.equal({ maximumIops: "500" });
    expect(rig.host.applied.get(volume.id)).to.deep.equal({ maximumIops: "500" });
    rig = await restarted(rig);
    try {
      expect(await rig.engine.getVolume(volume.id, context())).to.deep.equal(changed);
      const bare = await rig.engine.modifyVolume(plain.id, { labels: { a: "b" }, attributes: {} }, context());
      expect(await readFile(rig.pool.layout.record(bare.name, bare.id), "utf8")).to.include('"a":"b"');
      await rig.engine.modifyVolume(plain.id, { labels: { a: null }, attributes: {} }, context());
      expect(await records()).to.have.lengthOf(2);
    } finally {
      await rig.close();
    }
  });

  it("refuses what a host does not have, or can't take", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    const modify = (attributes: Record<string, string>, labels: Record<string, string> = {}) =>
      rig.engine.modifyVolume(id, { attributes, labels }, context());
    await refused(modify({ speed: "1" }), "INVALID_ARGUMENT", "there are: deleteProtection, maximumIops");
    await refused(modify({ maximumIops: "many" }), "INVALID_ARGUMENT", "maximumIops");
    await refused(modify({ constructor: "1" }), "INVALID_ARGUMENT", "constructor");
    await refused(modify({}, { "": "x" }), "INVALID_ARGUMENT", "label");
    await refused(modify({}, { a: "x".repeat(1025) }), "INVALID_ARGUMENT", "longer");
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, ""]));
    await refused(modify({}, many), "INVALID_ARGUMENT", "64");
  });

  it("keeps as many and as long labels as there may be, whatever they take in a record, and nothing larger", async () => {
    let rig = await newRig({ settings: { retentionMs: 3_600_000 } });
    const label = (index: number) => [String(index).padStart(320, "\u0001"), "\u0001".repeat(1024)] as const;
    const labels = Object.fromEntries(Array.from({ length: 64 }, (_, index) => label(index)));
    const { id } = await rig.engine.createVolume(newVolume("most", exactly(0n), { labels }), context());
    const snapshot = { name: "most", sourceVolumeId: id, labels };
    const { id: snapshotId } = await rig.engine.createSnapshot(snapshot, context());
    rig = await restarted(rig);
    try {
      expect((await rig.engine.getVolume(id, context())).labels).to.deep.equal(labels);
      expect((await rig.engine.getSnapshot(snapshotId, context())).labels).to.deep.equal(labels);
      await rig.engine.deleteVolume(id, context());
      expect((await rig.engine.restoreVolume(id, context())).labels).to.deep.equal(labels);
      const attach = rig.engine.attach(fakeVm(1).id, id, false, "/".repeat(2 ** 20), context());
      await refused(attach, "INVALID_ARGUMENT", "bytes, more than");
      expect(await rig.engine.attachmentsOf(id, context())).to.deep.equal([]);
    } finally {
      await rig.close();
    }
  });

  it("protects a volume from deletion until that is taken back", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    const protect = (deleteProtection: string) =>
      rig.engine.modifyVolume(id, { attributes: { deleteProtection }, labels: {} }, context());
    await protect("true");
    await refused(rig.engine.deleteVolume(id, context()), "FAILED_PRECONDITION", "protected");
    await protect("false");
    await rig.engine.deleteVolume(id, context());
    expect(await readdir(rig.pool.layout.temporary)).to.deep.equal([]);
    expect((await readdir(rig.directories[0]!)).filter((name) => name.includes(id))).to.deep.equal([]);
  });
});
