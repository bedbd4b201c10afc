import { expect } from "chai";
import { expectFailure } from "../support/failure.ts";
import { makeVolume, testController, WRITER } from "../support/controller.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

describe("controller ValidateVolumeCapabilities", () => {
  const controller = testController();

  it("confirms what a volume can do, as it was asked", async () => {
    const volume_id = await makeVolume(controller, "able");
    const { confirmed, message } = await controller.call.ValidateVolumeCapabilities({
      volume_id,
      volume_capabilities: [WRITER, { block: {}, access_mode: { mode: "SINGLE_NODE_READER_ONLY" } }],
      volume_context: { fsType: "ext4" },
      parameters: { "csi.storage.k8s.io/fstype": "ext4" },
    });
    expect(message).to.equal("");
    expect(confirmed).to.deep.include({
      volume_context: { fsType: "ext4" },
      parameters: { "csi.storage.k8s.io/fstype": "ext4" },
      mutable_parameters: {},
    });
    expect(confirmed?.volume_capabilities).to.have.lengthOf(2);
    expect(confirmed?.volume_capabilities[0]).to.deep.include({
      access_mode: { mode: "SINGLE_NODE_WRITER" },
    });
    expect(confirmed?.volume_capabilities[1]).to.deep.include({ block: {} });
  });

  it("answers what a volume can't do with a message, not an error", async () => {
    const volume_id = await makeVolume(controller, "unable");
    const refused = [
      {
        volume_capabilities: [
          WRITER,
          { block: {}, access_mode: { mode: "MULTI_NODE_MULTI_WRITER" } } as const,
        ],
      },
      { volume_capabilities: [{ mount: { fs_type: "zfs" }, access_mode: WRITER.access_mode }] },
      { volume_capabilities: [WRITER], parameters: { colour: "blue" } },
    ];
    for (const request of refused) {
      const answer = await controller.call.ValidateVolumeCapabilities({ volume_id, ...request });
      expect(answer.confirmed).to.equal(null);
      expect(answer.message).to.match(/not (supported|known)/);
    }
  });

  it("needs a volume that exists, and capabilities", async () => {
    const volume_capabilities = [WRITER];
    const ask = (volume_id: string) =>
      controller.call.ValidateVolumeCapabilities({ volume_id, volume_capabilities });
    await expectFailure(ask(""), "INVALID_ARGUMENT", /volume_id is missing/);
    await expectFailure(ask("x"), "NOT_FOUND");
    await expectFailure(ask(`local/${UNKNOWN}`), "NOT_FOUND");
    await expectFailure(ask(`nosuch/${UNKNOWN}`), "UNAVAILABLE");
    const none = controller.call.ValidateVolumeCapabilities({ volume_id: "x" });
    await expectFailure(none, "INVALID_ARGUMENT", /volume_capabilities is missing/);
  });

  it("looks at the volume before its capabilities", async () => {
    const call = controller.call.ValidateVolumeCapabilities({
      volume_id: `local/${UNKNOWN}`,
      volume_capabilities: [{ block: {}, access_mode: { mode: "MULTI_NODE_MULTI_WRITER" } }],
    });
    await expectFailure(call, "NOT_FOUND");
  });
});
