import { expect } from "chai";
import { backingFileAt } from "../support/device-bytes.ts";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { makeVolume, testController, WRITER } from "../support/controller.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const [NODE_1, NODE_2] = [fakeVm(1).id, fakeVm(2).id];

describe("controller ControllerPublishVolume", () => {
  const controller = testController();
  const publish = (volume_id: string, node_id = NODE_1, readonly = false) =>
    controller.call.ControllerPublishVolume({ volume_id, node_id, volume_capability: WRITER, readonly });
  const unpublish = (volume_id: string, node_id = "") =>
    controller.call.ControllerUnpublishVolume({ volume_id, node_id });

  it("attaches the volume and says where the node finds it", async () => {
    const handle = await makeVolume(controller, "first");
    const answer = await publish(handle);
    const [attachment] = controller.agents["local"]!.host.attachments;
    expect(attachment).to.deep.include({ vmId: NODE_1, readOnly: false });
    expect(answer.publish_context).to.deep.equal({
      addressKind: "loop",
      backingFile: backingFileAt(attachment!.address),
    });
    expect(await publish(handle)).to.deep.equal(answer);
    expect(controller.agents["local"]!.host.attachments).to.have.lengthOf(1);
    await unpublish(handle);
  });

  it("attaches read-only when it is asked to, and not otherwise while it is", async () => {
    const handle = await makeVolume(controller, "readonly");
    await publish(handle, NODE_1, true);
    expect(controller.agents["local"]!.host.attachments[0]).to.have.property("readOnly", true);
    await expectFailure(publish(handle, NODE_1, false), "ALREADY_EXISTS");
    await unpublish(handle);
  });

  it("accepts a node id in capitals", async () => {
    const handle = await makeVolume(controller, "capitals");
    await publish(handle, NODE_1.toUpperCase());
    expect(controller.agents["local"]!.host.attachments[0]).to.have.property("vmId", NODE_1);
    await unpublish(handle, NODE_1.toUpperCase());
    expect(controller.agents["local"]!.host.attachments).to.deep.equal([]);
  });

  it("refuses a second node", async () => {
    const handle = await makeVolume(controller, "exclusive");
    await publish(handle);
    const error = await expectFailure(publish(handle, NODE_2), "FAILED_PRECONDITION");
    expect(error.message, "the error names the node that has it").to.contain(NODE_1);
    await unpublish(handle);
    await publish(handle, NODE_2);
    await unpublish(handle);
  });

  it("lets one of two nodes win that ask at the same time", async () => {
    const handle = await makeVolume(controller, "race");
    const results = await Promise.allSettled([publish(handle, NODE_1), publish(handle, NODE_2)]);
    expect(results.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
    expect(controller.agents["local"]!.host.attachments).to.have.lengthOf(1);
    await unpublish(handle);
  });

  it("refuses a disk more than the node has slots", async () => {
    const handles = await Promise.all(
      ["s1", "s2", "s3", "s4", "s5"].map((name) => makeVolume(controller, name)),
    );
    for (const handle of handles.slice(0, 4)) await publish(handle);
    await expectFailure(publish(handles[4]!), "RESOURCE_EXHAUSTED", /slots/);
    await Promise.all(handles.map((handle) => unpublish(handle)));
  });

  it("says which of volume and node does not exist", async () => {
    const handle = await makeVolume(controller, "here");
    await expectFailure(publish(handle, UNKNOWN), "NOT_FOUND", /^VM /);
    await expectFailure(publish(handle, "node-1"), "NOT_FOUND", /no VM has the id "node-1"/);
    await expectFailure(publish(`local/${UNKNOWN}`), "NOT_FOUND", /^volume /);
    await expectFailure(publish(`local/${UNKNOWN}`, "node-1"), "NOT_FOUND", /^volume /);
    await expectFailure(publish("x"), "NOT_FOUND", /no volume/);
    await expectFailure(publish(`nosuch/${UNKNOWN}`), "UNAVAILABLE", /nosuch/);
  });

  it("never takes a name for an id", async () => {
    await makeVolume(controller, UNKNOWN);
    await expectFailure(publish(`local/${UNKNOWN}`), "NOT_FOUND");
    await expectFailure(publish(`local/${UNKNOWN}`, "node-1"), "NOT_FOUND", /^volume /);
  });

  it("needs volume, node and capability, and an access mode it has", async () => {
    const request = { volume_id: "x", node_id: "y", volume_capability: WRITER };
    for (const missing of ["volume_id", "node_id", "volume_capability"]) {
      const part = Object.fromEntries(Object.entries(request).filter(([name]) => name !== missing));
      const call = controller.call.ControllerPublishVolume(part);
      await expectFailure(call, "INVALID_ARGUMENT", new RegExp(`^${missing} is missing`));
    }
    const many = { block: {}, access_mode: { mode: "MULTI_NODE_MULTI_WRITER" } } as const;
    const call = controller.call.ControllerPublishVolume({ ...request, volume_capability: many });
    await expectFailure(call, "INVALID_ARGUMENT", /MULTI_NODE_MULTI_WRITER/);
  });
});
