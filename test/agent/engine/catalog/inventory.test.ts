import { expect } from "chai";
import { MiB } from "../../../../src/kit/sizes.ts";
import { engineRigs, exactly, makeVolume, newVolume } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";

describe("the inventory of a pool that is read again", () => {
  const newRig = engineRigs();
  const id = "00000000-aaaa-4bbb-8ccc-0123456789ab";

  it("keeps what changes at work have claimed, of new disks and of those that grow", async () => {
    const rig = await newRig();
    const { inventory, catalog } = rig.parts;
    const { claims } = inventory;
    const volume = await makeVolume(rig, 8n * MiB);
    inventory.claim({ id, pool: "default", lineage: id, size: 640n * MiB });
    inventory.claim({ ...volume, size: 80n * MiB });
    const promised = claims.promised("default");
    inventory.replacePool("default", catalog.contentsOf("default"));
    expect(claims.promised("default")).to.equal(promised);
    inventory.removeVolume(volume.id);
    claims.delete(id);
    expect(claims.promised("default")).to.equal(0n);
  });

  it("claims for what it holds now, and no more for what it held before", async () => {
    const rig = await newRig({ pools: 2 });
    const { inventory, catalog } = rig.parts;
    const { claims } = inventory;
    const make = (name: string, pool: string) =>
      rig.engine.createVolume(newVolume(name, exactly(8n * MiB), { pool }), context());
    const [gone, stays] = [await make("gone", "default"), await make("stays", "default")];
    await make("beside", "pool-1");
    const beside = claims.promised("pool-1");
    const contents = catalog.contentsOf("default");
    inventory.replacePool("default", { ...contents, volumes: [{ ...stays, size: 16n * MiB }] });
    const allocated = inventory.ledger.get(stays.id)!.allocated;
    expect(claims.promised("default")).to.equal(16n * MiB - allocated);
    expect(catalog.volumes.byId(gone.id)).to.equal(undefined);
    expect(claims.promised("pool-1")).to.equal(beside);
  });
});
