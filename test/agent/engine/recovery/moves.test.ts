import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { volumeRecord } from "../../../../src/agent/engine/records/entries.ts";
import { writeRecord } from "../../../../src/agent/engine/records/record-file.ts";
import { engineRigs, exactly, newVolume, openRig, restarted } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("engine moves that a crash cut short", () => {
  const newRig = engineRigs();

  /** Two pools with the same disk, as between the arrival and the removal. */
  async function inBoth() {
    const rig = await newRig({ pools: 2 });
    const volume = await rig.engine.createVolume(
      newVolume("v", exactly(0n), { pool: "default", labels: { app: "db" } }),
      context(),
    );
    const target = rig.parts.pools.byName("pool-1").layout;
    await copyFile(volume.path, target.disk("v", volume.id));
    await writeRecord(target.record("v", volume.id), { ...volumeRecord(volume), movedFrom: rig.pool.id });
    return { rig, volume };
  }

  const disksIn = async (directory: string) =>
    (await readdir(directory)).filter((name) => name.includes(";"));

  it("are finished by a start: the volume is where it arrived, and only there", async () => {
    const { rig: before, volume } = await inBoth();
    const rig = await restarted(before);
    try {
      const found = await rig.engine.getVolume(volume.id, context());
      expect(found).to.deep.include({ pool: "pool-1", labels: { app: "db" } });
      expect(await disksIn(rig.directories[0]!)).to.deep.equal([]);
      expect(await disksIn(rig.directories[1]!)).to.have.lengthOf(2);
    } finally {
      await rig.close();
    }
    const again = await openRig(rig.directories);
    try {
      expect(again.parts.catalog.contentsOf("pool-1").arrivals).to.deep.equal([]);
    } finally {
      await again.close();
    }
  });

  it("stay open while the pool that was left is not there: the volume is seen and not changed", async () => {
    const { rig: before, volume } = await inBoth();
    await before.close();
    const rig = await openRig([before.directories[1]!]);
    try {
      const { path } = await rig.engine.getVolume(volume.id, context());
      expect(path).to.equal(join(before.directories[1]!, `v;${volume.id}.vhdx`));
      await refused(rig.engine.deleteVolume(volume.id, context()), "UNAVAILABLE", "moved");
      const change = { labels: { a: "b" }, attributes: {} };
      await refused(rig.engine.modifyVolume(volume.id, change, context()), "UNAVAILABLE");
      const [finding] = await rig.engine.doctor(true, context());
      expect(finding).to.include({ kind: "unfinished-move", fixed: false });
    } finally {
      await rig.close();
    }
    expect(await disksIn(before.directories[0]!)).to.have.lengthOf(2);
    const both = await openRig(before.directories);
    try {
      await both.engine.deleteVolume(volume.id, context());
      expect(await disksIn(before.directories[1]!)).to.deep.equal([]);
    } finally {
      await both.close();
    }
  });
});
