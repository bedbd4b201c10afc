import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { Registry } from "prom-client";
import { observePools } from "../../../../src/agent/engine/pool/pool-metrics.ts";
import { claimGrowth } from "../../../../src/agent/engine/pool/room.ts";
import { StatusError } from "../../../../src/kit/errors.ts";
import { GiB, MiB } from "../../../../src/kit/sizes.ts";
import { engineRigs, exactly, newVolume, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("engine capacity", () => {
  const newRig = engineRigs();

  /** Pools that say they have so many bytes free. */
  async function withFree(free: readonly bigint[], settings = {}): Promise<EngineRig> {
    const rig = await newRig({ pools: free.length, settings });
    rig.parts.pools.open().forEach((pool, index) => {
      rig.parts.pools.opened({
        ...pool,
        device: BigInt(index),
        space: () => Promise.resolve({ free: free[index]!, total: 100n * GiB }),
      });
    });
    return rig;
  }

  const create = (rig: EngineRig, size: bigint, pool?: string) =>
    rig.engine.createVolume(newVolume(randomUUID(), exactly(size), { pool }), context());

  it("is what is free, less what volumes may still claim", async () => {
    const rig = await withFree([10n * GiB]);
    const { allocated } = rig.parts.inventory.ledger.get((await create(rig, 4n * GiB)).id)!;
    const { available, maximumVolumeSize } = await rig.engine.capacity(undefined, context());
    expect(available).to.equal(6n * GiB + allocated);
    expect(maximumVolumeSize).to.equal(available);
    await refused(create(rig, 7n * GiB), "RESOURCE_EXHAUSTED", /pool default .* has 6 GiB free to promise/);
    await create(rig, 6n * GiB);
  });

  it("keeps a reserve, and promises more than there is when told to", async () => {
    const careful = await withFree([10n * GiB], { reserveOf: (total: bigint) => total / 20n });
    expect((await careful.engine.capacity(undefined, context())).available).to.equal(5n * GiB);
    const bold = await withFree([10n * GiB], { overcommit: 2.5 });
    expect((await bold.engine.capacity(undefined, context())).available).to.equal(25n * GiB);
    const none = await withFree([1n * GiB], { reserveOf: () => 2n * GiB });
    expect((await none.engine.capacity(undefined, context())).available).to.equal(0n);
  });

  it("chooses the pool with most room, and tells each", async () => {
    const rig = await withFree([3n * GiB, 8n * GiB, 5n * GiB]);
    expect((await create(rig, 4n * GiB)).pool).to.equal("pool-1");
    expect((await create(rig, 4n * GiB)).pool).to.equal("pool-2");
    expect((await create(rig, MiB, "default")).pool).to.equal("default");
    await refused(create(rig, 4n * GiB, "default"), "RESOURCE_EXHAUSTED");
    await refused(create(rig, MiB, "pool-9"), "NOT_FOUND", "default, pool-1, pool-2");
    const one = await rig.engine.capacity("pool-1", context());
    const all = await rig.engine.capacity(undefined, context());
    expect(one.available < all.available).to.equal(true);
    expect(all.maximumVolumeSize < all.available).to.equal(true);
    const pools = await rig.engine.listPools(context());
    expect(pools.map(({ name, volumes }) => [name, volumes])).to.deep.equal([
      ["default", 1],
      ["pool-1", 1],
      ["pool-2", 1],
    ]);
  });

  it("is promised once where two pools lie on one file system, and told by both", async () => {
    const rig = await withFree([10n * GiB, 10n * GiB]);
    for (const pool of rig.parts.pools.open()) rig.parts.pools.opened({ ...pool, device: 7n });
    await create(rig, 6n * GiB, "default");
    await refused(create(rig, 6n * GiB, "pool-1"), "RESOURCE_EXHAUSTED", "pool-1");
    await create(rig, 3n * GiB, "pool-1");
    const { available } = await rig.engine.capacity(undefined, context());
    expect(available < 2n * GiB).to.equal(true);
    const [first, second] = await rig.engine.listPools(context());
    expect(first).to.deep.include({ available, promised: 10n * GiB - available });
    expect(second).to.deep.include({ available, promised: 10n * GiB - available });
    const registry = new Registry();
    observePools(rig.parts, registry);
    expect(await registry.metrics())
      .to.contain(`pool_promised_bytes{pool="default"} ${first!.promised}`)
      .and.contain(`pool_promised_bytes{pool="pool-1"} ${first!.promised}`)
      .and.contain(`pool_promisable_bytes{pool="pool-1"} ${available}`);
  });

  it("is not claimed in a pool that turns out to be gone", async () => {
    const rig = await newRig();
    const { inventory, pools } = rig.parts;
    const volume = await create(rig, 8n * MiB);
    const promised = inventory.claims.promised("default");
    const gone = new StatusError("UNAVAILABLE", "pool default is not there");
    pools.opened({ ...rig.pool, requirePresent: () => Promise.reject(gone) });
    await refused(create(rig, 64n * MiB), "UNAVAILABLE", "not there");
    await refused(claimGrowth(rig.parts, volume, 64n * MiB), "UNAVAILABLE", "not there");
    expect(inventory.claims.promised("default")).to.equal(promised);
  });

  it("is never promised twice, however many ask at once", async () => {
    const rig = await withFree([10n * GiB]);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => create(rig, GiB)));
    expect(answers.filter(({ status }) => status === "fulfilled")).to.have.lengthOf(10);
    const { volumes } = (await rig.engine.listPools(context()))[0]!;
    expect(volumes).to.equal(10);
  });
});
