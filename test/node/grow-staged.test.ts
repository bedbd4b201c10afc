import { expect } from "chai";
import { mayGrowMountedExt4 } from "../../src/node/linux/growth.ts";
import type { AttachedVolume } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";

for (const system of nodeSystems) {
  describe(`NodeStageVolume of a file system smaller than its disk, on ${system.name}`, () => {
    const rig = system.rig();
    let node: SystemRig["node"];
    before(() => ({ node } = rig.get));

    const totalOf = async (volume: AttachedVolume) =>
      (await node.stats(volume, volume.staging)).bytes?.total ?? 0;

    for (const [fsType, size] of system.fileSystems) {
      const twice = 2n * size;

      it(`mounts ${fsType} with the flag ro as it is, and grows it once it may write`, async () => {
        const volume = await node.volume(size);
        await node.stage(volume, { fsType });
        const before = await totalOf(volume);
        await node.unstage(volume);
        await node.detach(volume);
        await node.grow(volume, twice);
        const again = await node.attach(volume.id);
        for (let call = 0; call < 2; call++) {
          await node.stage(again, { fsType, flags: ["ro"] });
          expect(await totalOf(again)).to.be.within(before * 0.9, before * 1.1);
        }
        await node.unstage(again);
        await node.stage(again, { fsType });
        expect(await totalOf(again)).to.be.above(Number(twice) * 0.75);
      });

      it(`grows ${fsType} when it is staged already, as after a growth that failed`, async () => {
        const volume = await node.volume(size);
        await node.stage(volume, { fsType });
        await node.publish(volume);
        const before = await totalOf(volume);
        await node.grow(volume, twice);
        // The system has learned of the disk's size, as it had before the growth.
        expect(await node.parts.guest.currentDiskSize(volume.staging)).to.equal(twice);
        for (let call = 0; call < 2; call++) await node.stage(volume, { fsType });
        const mayGrow = system.growing.includes(fsType) || (await mayGrowMountedExt4());
        if (mayGrow) expect(await totalOf(volume)).to.be.above(Number(twice) * 0.75);
        else expect(await totalOf(volume), "a pod may use it").to.equal(before);
      });
    }
  });
}
