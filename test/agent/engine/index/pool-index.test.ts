import { readFile, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { IndexKeeper } from "../../../../src/agent/engine/index/index-keeper.ts";
import { readIndex, writeIndex, type IndexedDisk } from "../../../../src/agent/engine/index/pool-index.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { growFixed } from "../../../../src/vhdx/index.ts";
import { engineRigs, makeVolume, openRig, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { temporaryDirectory } from "../../../support/temporary.ts";

const disks = fc.dictionary(
  fc.string({ minLength: 1, unit: "binary" }),
  fc.record<IndexedDisk>({
    stamp: fc.string({ unit: "binary" }),
    size: fc.bigInt(0n, 2n ** 46n),
    type: fc.constantFrom("fixed", "dynamic", "differencing"),
    createdAt: fc.nat(),
  }),
  { maxKeys: 20, noNullPrototype: true },
);

describe("engine index of a pool", () => {
  const path = temporaryDirectory();

  it("gives back what was written, and nothing of another pool", async () => {
    await fc.assert(
      fc.asyncProperty(disks, async (entries) => {
        await writeIndex(path("index"), "pool", Object.entries(entries));
        const read = await readIndex(path("index"), "pool");
        expect([...read]).to.have.deep.members(Object.entries(entries));
        expect((await readIndex(path("index"), "other")).size).to.equal(0);
      }),
      { numRuns: 50 },
    );
  });

  it("that is missing, cut or spoiled anywhere is an empty one", async () => {
    expect((await readIndex(path("none"), "pool")).size).to.equal(0);
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.string(),
          fc.constant<IndexedDisk>({ stamp: "s", size: 1n, type: "fixed", createdAt: 1 }),
          {
            minKeys: 1,
            noNullPrototype: true,
          },
        ),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (entries, where, change, cut) => {
          await writeIndex(path("index"), "pool", Object.entries(entries));
          const bytes = await readFile(path("index"));
          const at = where % bytes.length;
          if (!cut) bytes[at]! ^= change;
          await writeFile(path("index"), cut ? bytes.subarray(0, at) : bytes);
          expect((await readIndex(path("index"), "pool")).size).to.equal(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("engine start with an index", () => {
  const newRig = engineRigs();

  /** Opens a rig over the same pool again, with an index of how it is now. */
  async function indexed(rig: EngineRig): Promise<EngineRig> {
    const { pools, catalog, inventory } = rig.parts;
    const keeper = new IndexKeeper(pools, catalog, inventory.ledger, silentLog());
    keeper.changed("default");
    await keeper.close();
    await rig.close();
    return rig;
  }

  const volumesOf = async (rig: EngineRig) =>
    (await rig.engine.listVolumes({ maxEntries: 0, token: undefined }, context())).items;

  it("finds what is there, whatever the index says", async () => {
    const rig = await newRig();
    const kept = await makeVolume(rig, 8n * MiB, "kept");
    const grown = await makeVolume(rig, 8n * MiB, "grown");
    const removed = await makeVolume(rig, 8n * MiB, "removed");
    const before = await volumesOf(rig);
    await indexed(rig);
    await growFixed(grown.path, 16n * MiB);
    await unlink(removed.path);
    const later = new Date(Date.now() + 1000);
    await utimes(kept.path, later, later);
    const again = await openRig(rig.directories);
    try {
      const found = await volumesOf(again);
      expect(found.map(({ name, size }) => [name, size])).to.have.deep.members([
        ["kept", 8n * MiB],
        ["grown", 16n * MiB],
      ]);
      expect(found.find(({ id }) => id === kept.id)).to.deep.equal(before.find(({ id }) => id === kept.id));
    } finally {
      await again.close();
    }
  });

  it("reads no disk that has not changed", async () => {
    const rig = await newRig();
    const { path, id } = await makeVolume(rig);
    await indexed(rig);
    // A disk that is not opened can't be found damaged: the file system says the file is as it was.
    const { atimeNs } = await stat(path, { bigint: true });
    const again = await openRig(rig.directories);
    try {
      expect((await again.engine.getVolume(id, context())).id).to.equal(id);
      expect((await stat(path, { bigint: true })).atimeNs).to.equal(atimeNs);
    } finally {
      await again.close();
    }
  });
});
