import { randomBytes } from "node:crypto";
import { copyFile, readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { volumeRecord } from "../../../../src/agent/engine/records/entries.ts";
import { writeRecord } from "../../../../src/agent/engine/records/record-file.ts";
import { readDisk, writeDisk } from "../../../support/disk-content.ts";
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

  it("are undone by a start where the volume is still in the pool that it was to leave", async () => {
    const { rig: before, volume } = await inBoth();
    const rig = await restarted(before);
    try {
      expect(await rig.engine.getVolume(volume.id, context())).to.deep.equal(volume);
      expect(await disksIn(rig.directories[0]!)).to.have.lengthOf(2);
      expect(await disksIn(rig.directories[1]!)).to.deep.equal([]);
      expect(await readdir(rig.parts.pools.byName("pool-1").layout.temporary)).to.deep.equal([]);
      expect(rig.parts.catalog.arriving()).to.deep.equal([]);
      const moved = await rig.engine.moveVolume(volume.id, "pool-1", context());
      expect(moved.labels).to.deep.equal({ app: "db" });
    } finally {
      await rig.close();
    }
  });

  it("are finished by a start where it is gone from there, with its record or without", async () => {
    for (const left of ["nothing", "its record"]) {
      const { rig: before, volume } = await inBoth();
      await rm(volume.path);
      if (left === "nothing") await rm(before.pool.layout.record("v", volume.id));
      const rig = await restarted(before);
      try {
        const found = await rig.engine.getVolume(volume.id, context());
        expect(found).to.deep.include({ pool: "pool-1", labels: { app: "db" } });
        expect(await disksIn(rig.directories[0]!)).to.deep.equal([]);
      } finally {
        await rig.close();
      }
      const again = await openRig(rig.directories);
      try {
        expect(again.parts.catalog.contentsOf("pool-1").arrivals).to.deep.equal([]);
        expect((await again.engine.getVolume(volume.id, context())).pool).to.equal("pool-1");
      } finally {
        await again.close();
      }
    }
  });

  it("lose nothing that was written before the pool of the copy came back", async () => {
    const { rig: before, volume } = await inBoth();
    await before.close();
    const [source = "", target = ""] = before.directories;
    const mark = randomBytes(512);
    const alone = await openRig([source]);
    try {
      const { path } = await alone.engine.getVolume(volume.id, context());
      await writeDisk(path, 0n, mark);
    } finally {
      await alone.close();
    }
    const both = await openRig([source, target]);
    try {
      const { path } = await both.engine.getVolume(volume.id, context());
      expect((await readDisk(path, 0n, 512)).equals(mark)).to.equal(true);
      expect(await disksIn(target)).to.deep.equal([]);
    } finally {
      await both.close();
    }
  });

  it("are left to a person where the disk that is left can't be read", async () => {
    const { rig: before, volume } = await inBoth();
    await truncate(volume.path, 4096);
    const rig = await restarted(before);
    try {
      await refused(rig.engine.deleteVolume(volume.id, context()), "FAILED_PRECONDITION", "left alone");
      expect(await disksIn(rig.directories[0]!)).to.have.lengthOf(2);
      expect(await disksIn(rig.directories[1]!)).to.have.lengthOf(2);
    } finally {
      await rig.close();
    }
  });

  it("stay open while the pool that was left is not there: the volume is seen and not changed", async () => {
    const { rig: before, volume } = await inBoth();
    await before.close();
    const rig = await openRig([before.directories[1]!]);
    try {
      const { path } = await rig.engine.getVolume(volume.id, context());
      expect(path).to.equal(join(before.directories[1]!, `v;${volume.id}.vhdx`));
      await refused(rig.engine.deleteVolume(volume.id, context()), "UNAVAILABLE", "being moved");
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
