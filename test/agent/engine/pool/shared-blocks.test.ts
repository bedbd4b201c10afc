import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { GiB, MiB } from "../../../../src/kit/sizes.ts";
import { writeDisk } from "../../../support/disk-content.ts";
import {
  exactly,
  makeVolume,
  newVolume,
  openRig,
  restarted,
  type EngineRig,
} from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { refused } from "../../../support/refused.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";
import { mountXfsImage } from "../../../support/xfs-image.ts";

describe("a pool that shares blocks", () => {
  const path = scratchDirectory();
  const rigs: EngineRig[] = [];
  before(needsLoopDevices);
  before(() => mountXfsImage(path("xfs.img"), path("xfs"), 1));
  afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.close())));

  const promisedIn = (rig: EngineRig) => rig.parts.inventory.claims.promised("default");

  it("promises as much after a start as before: all of each disk that shares its blocks", async () => {
    const rig = await openRig([path("xfs", "restarted")], {}, rigs);
    const volume = await makeVolume(rig, 16n * MiB);
    await writeDisk(volume.path, 0n, randomBytes(8 << 20));
    const source = { kind: "volume", id: volume.id } as const;
    await rig.engine.createVolume(
      { ...newVolume("clone", { required: 0n, limit: undefined }), size: undefined, source },
      context(),
    );
    expect(promisedIn(rig)).to.equal(32n * MiB);
    expect(promisedIn(await restarted(rig, { known: rig.known }))).to.equal(32n * MiB);
  });

  it("needs no room for a move to another pool of its file system", async () => {
    const rig = await openRig([path("xfs", "left"), path("xfs", "reached")], {}, rigs);
    const request = newVolume("moves", exactly(16n * MiB), { pool: "default" });
    const volume = await rig.engine.createVolume(request, context());
    await writeDisk(volume.path, 0n, randomBytes(16 << 20));
    await rig.parts.inventory.look(volume);
    for (const pool of rig.parts.pools.open()) {
      rig.parts.pools.opened({ ...pool, space: () => Promise.resolve({ free: 8n * MiB, total: 1n * GiB }) });
    }
    expect(await rig.engine.moveVolume(volume.id, "pool-1", context())).to.include({ pool: "pool-1" });
  });

  it("needs room for what a volume may overwrite once it has a snapshot, and for no more", async () => {
    let free: bigint | undefined;
    const rig = await openRig([path("xfs", "snapshots")], { free: () => free }, rigs);
    const volume = await makeVolume(rig, 16n * MiB);
    await writeDisk(volume.path, 0n, randomBytes(12 << 20));
    const snapshot = (name: string) =>
      rig.engine.createSnapshot({ name, sourceVolumeId: volume.id, labels: {} }, context());
    free = volume.size - 1n;
    await refused(snapshot("none"), "RESOURCE_EXHAUSTED", /less than the 1\d(\.\d+)? MiB asked for/);
    free = volume.size;
    await snapshot("first");
    await snapshot("second");
    expect(promisedIn(rig)).to.equal(volume.size);
  });
});
