import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { listLoopDevices } from "../../../../src/kit/loop-devices.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { growFixedIn } from "../../../../src/vhdx/operations/grow.ts";
import { inspectVhdx } from "../../../../src/vhdx/index.ts";
import { cutAfter } from "../../../support/cut-file.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { context, localRig } from "../../../support/local-rig.ts";

const SIZE = 8n * MiB;
const GROWN = 16n * MiB;

describe("an expansion that was cut off", () => {
  const rig = localRig();

  for (const attached of [false, true]) {
    it(`is finished by the next one of ${attached ? "an attached" : "a detached"} volume, whatever was done`, async () => {
      let steps = 0;
      for (let more = true; more; steps++) {
        const { engine, vms } = rig;
        const { id, path } = await engine.createVolume(newVolume(randomUUID(), exactly(SIZE)), context());
        if (attached) await engine.attach(vms[0].id, id, false, undefined, context());
        more = await cutAfter(path, steps, (file) => growFixedIn(file, GROWN));

        const range = { required: GROWN, limit: undefined };
        expect((await engine.expandVolume(id, range, context())).size, `after ${steps} steps`).to.equal(
          GROWN,
        );
        const { virtualSize, logReplayPending } = await inspectVhdx(path);
        expect({ virtualSize, logReplayPending }, `after ${steps} steps`).to.deep.equal({
          virtualSize: GROWN,
          logReplayPending: false,
        });
        if (attached) {
          const loop = listLoopDevices().find(({ backingFile }) => backingFile.includes(id));
          expect(loop?.size, `after ${steps} steps`).to.equal(GROWN);
          await engine.detach(vms[0].id, id, context());
        }
        await engine.deleteVolume(id, context());
      }
      expect(steps).to.be.above(8);
    });
  }
});
