import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import type { BlockRange } from "../../../../src/agent/engine/model.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { writeDisk } from "../../../support/disk-content.ts";
import { engineRigs, exactly, makeVolume, newVolume, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

const SIZE = 8n * MiB;

describe("engine blocks of snapshots", () => {
  const newRig = engineRigs();

  const snapshot = (rig: EngineRig, sourceVolumeId: string) =>
    rig.engine.createSnapshot({ name: randomUUID(), sourceVolumeId, labels: {} }, context());

  async function all(
    rig: EngineRig,
    id: string,
    base: string | undefined,
    perPage = 0,
  ): Promise<BlockRange[]> {
    const found: BlockRange[] = [];
    for (let at: bigint | undefined = 0n; at !== undefined;) {
      const page = await rig.engine.blocks(id, base, at, perPage, context());
      expect(page.volumeSize).to.equal(SIZE);
      if (perPage > 0) expect(page.blocks.length).to.be.at.most(perPage);
      found.push(...page.blocks);
      at = page.nextOffset;
    }
    return found;
  }

  const covers = (ranges: readonly BlockRange[], at: bigint) =>
    ranges.some(({ offset, length }) => offset <= at && at < offset + length);

  it("tell where there is data, and where two snapshots differ, in pages that add up", async () => {
    const rig = await newRig();
    const volume = await makeVolume(rig, SIZE);
    const sectors = SIZE / 512n;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.bigInt(0n, sectors - 1n), { maxLength: 12 }),
        fc.uniqueArray(fc.bigInt(0n, sectors - 1n), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        async (before, changed, perPage) => {
          for (const sector of before) await writeDisk(volume.path, sector * 512n, randomBytes(512));
          const base = await snapshot(rig, volume.id);
          for (const sector of changed) await writeDisk(volume.path, sector * 512n, randomBytes(512));
          const target = await snapshot(rig, volume.id);
          const allocated = await all(rig, target.id, undefined, perPage);
          for (const sector of [...before, ...changed]) {
            expect(covers(allocated, sector * 512n), `sector ${sector}`).to.equal(true);
          }
          const changes = await all(rig, target.id, base.id, perPage);
          const bytes = changes.reduce((sum, { length }) => sum + length, 0n);
          expect(bytes).to.equal(BigInt(changed.length) * 512n);
          for (const sector of changed) expect(covers(changes, sector * 512n)).to.equal(true);
          expect(await all(rig, target.id, target.id)).to.deep.equal([]);
        },
      ),
      { numRuns: 8 },
    );
  });

  it("compare what goes back to one volume only, inside the snapshot", async () => {
    const rig = await newRig();
    const [one, other] = [await makeVolume(rig, SIZE), await makeVolume(rig, SIZE)];
    const [first, foreign] = [await snapshot(rig, one.id), await snapshot(rig, other.id)];
    await refused(
      rig.engine.blocks(first.id, foreign.id, 0n, 0, context()),
      "INVALID_ARGUMENT",
      "one lineage",
    );
    await refused(rig.engine.blocks(first.id, undefined, SIZE, 0, context()), "OUT_OF_RANGE");
    await refused(rig.engine.blocks(first.id, undefined, -1n, 0, context()), "OUT_OF_RANGE");
    await refused(rig.engine.blocks(randomUUID(), undefined, 0n, 0, context()), "NOT_FOUND");
    const clone = await rig.engine.createVolume(
      newVolume("clone", exactly(SIZE), { source: { kind: "snapshot", id: first.id } }),
      context(),
    );
    const ofClone = await snapshot(rig, clone.id);
    expect(await all(rig, ofClone.id, first.id)).to.deep.equal([]);
  });
});
