import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { MiB } from "../../../../src/kit/sizes.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";

describe("Hyper-V host: the health of many volumes", () => {
  const rig = hypervRig();

  it("asks the host for what its VMs have once, not for each volume", async () => {
    for (let index = 0; index < 12; index++) {
      const { id } = await rig.engine.createVolume(newVolume(randomUUID(), exactly(8n * MiB)), context());
      if (index % 3 === 0) await rig.engine.attach(rig.vmIds[0], id, false, undefined, context());
    }
    rig.asked.length = 0;
    const { items } = await rig.engine.listHealth({ maxEntries: 0, token: undefined }, context());
    expect(items).to.deep.equal([]);
    // Once for its disks, once for their attachments; a round of the host itself may look, too.
    expect(rig.asked.filter((asked) => asked === "listVms OK")).to.have.length.within(1, 4);
    expect(rig.asked.filter((asked) => asked === "diskInfo OK")).to.have.length(4);
  });
});
