import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { MiB } from "../../../../src/kit/sizes.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";

describe("a VM of the simulated Hyper-V", () => {
  const rig = hypervRig();

  it("keeps no device's number of a disk that was taken out: that may be another's by now", async () => {
    const vmId = rig.vmIds[0];
    const { id } = await rig.engine.createVolume(newVolume(randomUUID(), exactly(8n * MiB)), context());
    const numbers = () => readdir(rig.path("hyperv", "guests", vmId, "sys", "dev", "block"));
    expect(await numbers()).to.deep.equal([]);
    await rig.engine.attach(vmId, id, false, undefined, context());
    expect(await numbers()).to.have.length(1);
    await rig.engine.detach(vmId, id, context());
    expect(await numbers()).to.deep.equal([]);
  });
});
