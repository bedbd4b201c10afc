import { readFile, utimes, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { IndexKeeper } from "../../../../src/agent/engine/index/index-keeper.ts";
import { readIndex } from "../../../../src/agent/engine/index/pool-index.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { type EngineRig, engineRigs, exactly, newVolume, restarted } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";

const all = { maxEntries: 0, token: undefined };

describe("records that an index knows", () => {
  const newRig = engineRigs();

  /** Writes the index as it is when an agent stops, and restarts. */
  async function indexedRestart(rig: EngineRig): Promise<EngineRig> {
    const { pools, catalog, inventory } = rig.parts;
    const keeper = new IndexKeeper(pools, catalog, inventory.ledger, silentLog());
    keeper.changed("default");
    await keeper.close();
    return await restarted(rig);
  }

  async function filled() {
    const rig = await newRig();
    const labels = { team: "storage", note: 'ünïcode\t\n"quoted"' };
    const volume = await rig.engine.createVolume(
      newVolume("data", exactly(8n * MiB), { labels, attributes: { deleteProtection: "true" } }),
      context(),
    );
    await rig.engine.attach(rig.host.vms[0]!.id, volume.id, false, "/mnt/data", context());
    await rig.engine.detach(rig.host.vms[0]!.id, volume.id, context());
    const snapshot = await rig.engine.createSnapshot(
      { name: "cut", sourceVolumeId: volume.id, labels },
      context(),
    );
    await rig.engine.createSnapshotGroup("both", [volume.id], labels, context());
    await rig.engine.createVolume(newVolume("plain", exactly(8n * MiB)), context());
    return { rig, volume, snapshot };
  }

  it("are as they were after a restart, and after the next", async () => {
    const { rig } = await filled();
    const before = [
      await rig.engine.listVolumes(all, context()),
      await rig.engine.listSnapshots(undefined, all, context()),
    ];
    let again = rig;
    for (let times = 0; times < 2; times++) {
      again = await indexedRestart(again);
      expect([
        await again.engine.listVolumes(all, context()),
        await again.engine.listSnapshots(undefined, all, context()),
      ]).to.deep.equal(before);
    }
    expect((await again.engine.getSnapshotGroup("both", context())).snapshots).to.have.lengthOf(1);
  });

  it("stand in it, so that they need not be read", async () => {
    const { rig, volume } = await filled();
    const { layout, id } = rig.pool;
    await indexedRestart(rig);
    const index = await readIndex(layout.index, id);
    const entry = index.get(`data;${volume.id}.vhdx`);
    expect(entry?.record?.said).to.deep.include({ attributes: { deleteProtection: "true" } });
    expect(index.get(`data;${volume.id}.vhdx`)?.stamp).to.be.a("string");
  });

  it("are read when they have changed behind it", async () => {
    const { rig, volume } = await filled();
    const path = rig.pool.layout.record("data", volume.id);
    const { pools, catalog, inventory } = rig.parts;
    const keeper = new IndexKeeper(pools, catalog, inventory.ledger, silentLog());
    keeper.changed("default");
    await keeper.close();
    await rig.close();
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("storage", "network"));
    const later = new Date(Date.now() + 2000);
    await utimes(path, later, later);
    const again = await restarted(rig);
    expect((await again.engine.getVolume(volume.id, context())).labels["team"]).to.equal("network");
  });
});
