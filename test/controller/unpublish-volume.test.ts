import { expect } from "chai";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { makeVolume, testController, WRITER } from "../support/controller.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const [NODE_1, NODE_2] = [fakeVm(1).id, fakeVm(2).id];

describe("controller ControllerUnpublishVolume", () => {
  const controller = testController({ groups: ["local", "other"] });
  const unpublish = (volume_id: string, node_id = "") =>
    controller.call.ControllerUnpublishVolume({ volume_id, node_id });
  const attached = () => controller.agents["local"]!.host.attachments.map(({ vmId }) => vmId);

  async function published(name: string): Promise<string> {
    const { volume } = await controller.call.CreateVolume({
      name,
      volume_capabilities: [WRITER],
      capacity_range: { required_bytes: 8 * 2 ** 20 },
      accessibility_requirements: { requisite: [{ segments: { "topology.hyperv.csi.dev/group": "local" } }] },
    });
    const request = { volume_id: volume!.volume_id, node_id: NODE_1, volume_capability: WRITER };
    await controller.call.ControllerPublishVolume(request);
    return volume!.volume_id;
  }

  it("detaches, and is repeatable", async () => {
    const handle = await published("twice");
    await unpublish(handle, NODE_1);
    expect(attached()).to.deep.equal([]);
    await unpublish(handle, NODE_1);
  });

  it("detaches from every node when none is named", async () => {
    const handle = await published("all");
    await unpublish(handle);
    expect(attached()).to.deep.equal([]);
    await unpublish(handle);
  });

  it("leaves the volume on another node", async () => {
    const handle = await published("stays");
    await unpublish(handle, NODE_2);
    await unpublish(handle, UNKNOWN);
    await unpublish(handle, "no-guid");
    expect(attached()).to.deep.equal([NODE_1]);
    await unpublish(handle);
  });

  it("takes a volume that is gone for detached", async () => {
    for (const handle of [`local/${UNKNOWN}`, UNKNOWN]) {
      await unpublish(handle);
      await unpublish(handle, NODE_1);
    }
    const deleted = await makeVolume(controller, "deleted");
    await controller.call.DeleteVolume({ volume_id: deleted });
    await unpublish(deleted, NODE_1);
  });

  it("takes a handle that no volume can have for detached: nothing was ever published under it", async () => {
    const handle = await published("real");
    for (const mistyped of ["x", `LOCAL/${UNKNOWN}`, `${handle}/`, handle.slice(0, -1)]) {
      const request = { volume_id: mistyped, node_id: NODE_1, volume_capability: WRITER };
      await expectFailure(controller.call.ControllerPublishVolume(request), "NOT_FOUND");
      await unpublish(mistyped, NODE_1);
      await unpublish(mistyped);
    }
    expect(attached()).to.deep.equal([NODE_1]);
    await unpublish(handle);
  });

  it("passes on that the node still uses the disk", async () => {
    const handle = await published("busy");
    const { host } = controller.agents["local"]!;
    host.inUse.add(handle.slice("local/".length));
    await expectFailure(unpublish(handle, NODE_1), "FAILED_PRECONDITION", /in use/);
    await expectFailure(unpublish(handle), "FAILED_PRECONDITION", /in use/);
    host.inUse.clear();
    await unpublish(handle);
  });

  it("does not take what it can't ask for detached", async () => {
    await expectFailure(unpublish(`nosuch/${UNKNOWN}`, NODE_1), "UNAVAILABLE", /nosuch/);
    await expectFailure(unpublish("", NODE_1), "INVALID_ARGUMENT", /volume_id is missing/);
  });
});
