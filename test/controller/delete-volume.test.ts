import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { makeVolume, testController, WRITER } from "../support/controller.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

describe("controller DeleteVolume", () => {
  const controller = testController();
  const remove = (volume_id: string) => controller.call.DeleteVolume({ volume_id });
  const disks = async () =>
    (await readdir(controller.agents["local"]!.directory)).filter((name) => name.endsWith(".vhdx"));

  it("removes the disk, and is repeatable", async () => {
    const handle = await makeVolume(controller, "short-lived");
    expect(await disks()).to.have.lengthOf(1);
    await remove(handle);
    expect(await disks()).to.deep.equal([]);
    await remove(handle);
  });

  it("finds the volume by an id in capitals", async () => {
    const handle = await makeVolume(controller, "capitals");
    await remove(`local/${handle.slice("local/".length).toUpperCase()}`);
    expect(await disks()).to.deep.equal([]);
  });

  it("frees the name", async () => {
    const first = await makeVolume(controller, "phoenix");
    await remove(first);
    const second = await makeVolume(controller, "phoenix");
    expect(second).not.to.equal(first);
    await remove(second);
  });

  it("takes what can't exist for deleted", async () => {
    for (const id of [`local/${UNKNOWN}`, "x", "*", "local/*", "local/../x", "/", "a".repeat(10_000)]) {
      await remove(id);
    }
  });

  it("never takes a name for an id", async () => {
    const handle = await makeVolume(controller, UNKNOWN);
    await remove(`local/${UNKNOWN}`);
    expect(await disks()).to.have.lengthOf(1);
    await remove(handle);
  });

  it("refuses a volume that a node has", async () => {
    const volume_id = await makeVolume(controller, "attached");
    const node_id = fakeVm(1).id;
    const publish = { volume_id, node_id, volume_capability: WRITER };
    await controller.call.ControllerPublishVolume(publish);
    const error = await expectFailure(remove(volume_id), "FAILED_PRECONDITION");
    expect(error.message).to.contain(node_id);
    await controller.call.ControllerUnpublishVolume({ volume_id, node_id });
    await remove(volume_id);
  });

  it("needs a volume id", async () => {
    await expectFailure(remove(""), "INVALID_ARGUMENT", /volume_id is missing/);
  });
});

describe("controller DeleteVolume with an agent down", () => {
  const controller = testController({ groups: ["local"], down: ["remote"] });
  const remove = (volume_id: string) => controller.call.DeleteVolume({ volume_id });

  it("does not take silence for deleted", async () => {
    await expectFailure(remove(`remote/${UNKNOWN}`), "UNAVAILABLE", /can't be reached/);
    await expectFailure(remove(`nosuch/${UNKNOWN}`), "UNAVAILABLE", /nosuch/);
    await expectFailure(remove(UNKNOWN), "UNAVAILABLE", /does not answer/);
  });
});
