import { expect } from "chai";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { NAMES, testController, WRITER, type TestController } from "../support/controller.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

async function makeIn(
  { call }: TestController,
  group: string,
  name: string,
): Promise<{ handle: string; id: string }> {
  const { volume } = await call.CreateVolume({
    name,
    volume_capabilities: [WRITER],
    capacity_range: { required_bytes: 8 * 2 ** 20 },
    accessibility_requirements: { requisite: [{ segments: { [NAMES.topologyKey]: group } }] },
  });
  const handle = volume!.volume_id;
  return { handle, id: handle.slice(group.length + 1) };
}

describe("controller groups", () => {
  const controller = testController({ groups: ["east", "west"] });
  const get = (volume_id: string) => controller.call.ControllerGetVolume({ volume_id });

  it("routes a handle to its group alone", async () => {
    const { handle, id } = await makeIn(controller, "west", "routed");
    expect((await get(handle)).volume?.volume_id).to.equal(handle);
    await expectFailure(get(`east/${id}`), "NOT_FOUND");
    await controller.call.DeleteVolume({ volume_id: `east/${id}` });
    expect((await get(handle)).volume?.volume_id, "a delete in the other group").to.equal(handle);
  });

  it("knows no group that is not configured", async () => {
    const { handle } = await makeIn(controller, "east", "here");
    const volume_id = handle.replace("east", "north");
    const range = { required_bytes: 16 * 2 ** 20 };
    const node = { node_id: fakeVm(1).id, volume_capability: WRITER };
    for (const call of [
      get(volume_id),
      controller.call.DeleteVolume({ volume_id }),
      controller.call.ControllerExpandVolume({ volume_id, capacity_range: range }),
      controller.call.ControllerPublishVolume({ volume_id, ...node }),
      controller.call.ControllerUnpublishVolume({ volume_id, node_id: node.node_id }),
      controller.call.ValidateVolumeCapabilities({ volume_id, volume_capabilities: [WRITER] }),
    ]) {
      await expectFailure(call, "UNAVAILABLE", /group north/);
    }
    await get(handle);
  });

  it("finds a bare id in whichever group has it", async () => {
    for (const group of ["east", "west"]) {
      const { handle, id } = await makeIn(controller, group, `bare-${group}`);
      expect((await get(id)).volume?.volume_id).to.equal(handle);
      expect((await get(id.toUpperCase())).volume?.volume_id).to.equal(handle);
      await controller.call.DeleteVolume({ volume_id: id });
      await expectFailure(get(handle), "NOT_FOUND");
    }
  });

  it("says that no group has a bare id when all have answered", async () => {
    await expectFailure(get(UNKNOWN), "NOT_FOUND", /any group/);
    await controller.call.DeleteVolume({ volume_id: UNKNOWN });
  });

  it("is not misled by a volume whose name is the id of another", async () => {
    const { handle, id } = await makeIn(controller, "west", "real");
    await makeIn(controller, "east", id);
    expect((await get(id)).volume?.volume_id).to.equal(handle);
  });
});

describe("controller groups with an agent down", () => {
  const controller = testController({ groups: ["east"], down: ["west"] });

  it("serve the group that answers", async () => {
    const { handle, id } = await makeIn(controller, "east", "here");
    const bare = await controller.call.ControllerGetVolume({ volume_id: id });
    expect(bare.volume?.volume_id).to.equal(handle);
  });

  it("say UNAVAILABLE for the other, and for what it may have", async () => {
    const get = (volume_id: string) => controller.call.ControllerGetVolume({ volume_id });
    await expectFailure(get(`west/${UNKNOWN}`), "UNAVAILABLE", /can't be reached: ECONNREFUSED/);
    await expectFailure(get(UNKNOWN), "UNAVAILABLE", /does not answer/);
    const detach = { volume_id: UNKNOWN, node_id: fakeVm(1).id };
    await expectFailure(controller.call.ControllerUnpublishVolume(detach), "UNAVAILABLE");
    await expectFailure(makeIn(controller, "west", "there"), "UNAVAILABLE");
  });
});
