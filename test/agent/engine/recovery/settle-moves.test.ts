import { copyFile, readdir, rm } from "node:fs/promises";
import { expect } from "chai";
import type { PoolContents } from "../../../../src/agent/engine/catalog/catalog.ts";
import type { Volume } from "../../../../src/agent/engine/model.ts";
import { volumeRecord } from "../../../../src/agent/engine/records/entries.ts";
import { writeRecord } from "../../../../src/agent/engine/records/record-file.ts";
import { afterMoves, settleMoves } from "../../../../src/agent/engine/recovery/settle-moves.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { engineRigs, exactly, newVolume, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";

describe("settling moves", () => {
  const newRig = engineRigs();

  /** A volume of the first of three pools, with copies that have arrived in others, and what the pools hold then. */
  async function withCopies(...pools: readonly string[]) {
    const rig = await newRig({ pools: 3 });
    const volume = await rig.engine.createVolume(
      newVolume("v", exactly(0n), { pool: "default", labels: { app: "db" } }),
      context(),
    );
    const contents = new Map<string, PoolContents>(
      rig.parts.pools.open().map(({ name }) => [name, rig.parts.catalog.contentsOf(name)]),
    );
    for (const pool of pools) {
      const { layout } = rig.parts.pools.byName(pool);
      const copy: Volume = { ...volume, pool, path: layout.disk("v", volume.id) };
      await copyFile(volume.path, copy.path);
      await writeRecord(layout.record("v", volume.id), { ...volumeRecord(volume), movedFrom: rig.pool.id });
      contents.set(pool, {
        ...rig.parts.catalog.contentsOf(pool),
        volumes: [copy],
        arrivals: [{ from: rig.pool.id, copy }],
      });
    }
    return { rig, volume, contents };
  }

  async function settle({ parts }: EngineRig, contents: ReadonlyMap<string, PoolContents>) {
    const moves = await settleMoves(parts.pools.open(), contents, parts.inventory, silentLog());
    const after = afterMoves(contents, moves, parts.inventory);
    return {
      outcomes: moves.map(({ outcome }) => outcome),
      volumes: [...after.values()].flatMap(({ volumes }) => volumes.map(({ pool }) => pool)),
      arrivals: [...after.values()].flatMap(({ arrivals }) => arrivals.map(({ copy }) => copy.pool)),
    };
  }

  const filesIn = async (rig: EngineRig, pool: string) =>
    (await readdir(rig.parts.pools.byName(pool).directory)).filter((name) => name.includes(";")).length;

  it("takes a copy back where the volume is still in the pool that it was to leave", async () => {
    const { rig, contents } = await withCopies("pool-1");
    expect(await settle(rig, contents)).to.deep.equal({
      outcomes: ["undone"],
      volumes: ["default"],
      arrivals: [],
    });
    expect(await filesIn(rig, "pool-1")).to.equal(0);
  });

  it("leaves a volume to the move that is at work, which ends as it ends", async () => {
    const { rig, volume, contents } = await withCopies("pool-1");
    rig.parts.inventory.moving.add(volume.id);
    const passed = { outcomes: ["passed over"], arrivals: [] };
    expect(await settle(rig, contents)).to.deep.equal({ ...passed, volumes: ["default"] });
    // It has ended by the time that the contents are taken over.
    const gone = new Map(contents).set("default", { ...contents.get("default")!, volumes: [] });
    expect(await settle(rig, gone)).to.deep.equal({ ...passed, volumes: ["pool-1"] });
    expect(await filesIn(rig, "pool-1")).to.equal(2);
  });

  it("takes a copy back where a third pool has the volume by now", async () => {
    const { rig, volume, contents } = await withCopies("pool-1");
    const third = rig.parts.pools.byName("pool-2");
    const moved = { ...volume, pool: "pool-2", path: third.layout.disk("v", volume.id) };
    contents.set("default", { ...contents.get("default")!, volumes: [] });
    contents.set("pool-2", { ...contents.get("pool-2")!, volumes: [moved] });
    expect(await settle(rig, contents)).to.deep.equal({
      outcomes: ["undone"],
      volumes: ["pool-2"],
      arrivals: [],
    });
    // While that pool is down nothing is removed.
    const { rig: other, ...two } = await withCopies("pool-1");
    const down = { ...two.volume, pool: "down", path: "/nowhere" };
    two.contents.set("default", { ...two.contents.get("default")!, volumes: [] });
    two.contents.set("down", { ...two.contents.get("pool-2")!, volumes: [down] });
    expect(await settle(other, two.contents)).to.deep.equal({
      outcomes: ["passed over"],
      volumes: ["down"],
      arrivals: [],
    });
    expect(await filesIn(other, "pool-1")).to.equal(2);
  });

  it("decides nothing between two copies where the volume itself is gone", async () => {
    const { rig, volume, contents } = await withCopies("pool-1", "pool-2");
    await rm(volume.path);
    contents.set("default", { ...contents.get("default")!, volumes: [] });
    expect(await settle(rig, contents)).to.deep.equal({
      outcomes: [],
      volumes: ["pool-1", "pool-2"],
      arrivals: ["pool-1", "pool-2"],
    });
    expect([await filesIn(rig, "pool-1"), await filesIn(rig, "pool-2")]).to.deep.equal([2, 2]);
  });

  it("keeps a move open whose copy can't be taken back, or whose end can't be kept", async () => {
    const { rig, volume, contents } = await withCopies("pool-1");
    const target = rig.parts.pools.byName("pool-1");
    const sync = { flush: () => Promise.reject(new Error("EIO")) };
    rig.parts.pools.opened({ ...target, sync: sync as unknown as typeof target.sync });
    const open = { outcomes: ["open"], arrivals: ["pool-1"] };
    expect(await settle(rig, contents)).to.deep.equal({ ...open, volumes: ["default"] });
    const gone = new Map(contents).set("default", { ...contents.get("default")!, volumes: [] });
    rig.parts.catalog.volumes.remove(volume.id);
    expect(await settle(rig, gone)).to.deep.equal({ ...open, volumes: ["pool-1"] });
  });
});
