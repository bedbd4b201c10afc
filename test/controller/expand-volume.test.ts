import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { makeVolume, testController, WRITER } from "../support/controller.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

describe("controller ControllerExpandVolume", () => {
  const controller = testController();
  const expand = (volume_id: string, required: bigint, limit = 0n) =>
    controller.call.ControllerExpandVolume({
      volume_id,
      capacity_range: { required_bytes: String(required), limit_bytes: String(limit) },
    });
  const sizeOf = async (volume_id: string) =>
    (await controller.call.ControllerGetVolume({ volume_id })).volume?.capacity_bytes;

  it("grows a volume and asks the node to follow", async () => {
    const handle = await makeVolume(controller, "grows");
    const grown = { capacity_bytes: String(20n * MiB), node_expansion_required: true };
    expect(await expand(handle, 20n * MiB)).to.deep.equal(grown);
    expect(await expand(handle, 20n * MiB), "repeated").to.deep.equal(grown);
    expect(await sizeOf(handle)).to.equal(String(20n * MiB));
  });

  it("rounds up to whole blocks and stays within the limit", async () => {
    const handle = await makeVolume(controller, "rounds");
    expect((await expand(handle, 10n * MiB + 1n, 12n * MiB)).capacity_bytes).to.equal(String(12n * MiB));
    await expectFailure(expand(handle, 12n * MiB + 1n, 13n * MiB), "OUT_OF_RANGE", /limit/);
    expect(await sizeOf(handle)).to.equal(String(12n * MiB));
  });

  it("grows up to a limit that stands alone", async () => {
    const handle = await makeVolume(controller, "limited");
    expect((await expand(handle, 0n, 11n * MiB)).capacity_bytes).to.equal(String(10n * MiB));
  });

  it("never shrinks", async () => {
    const handle = await makeVolume(controller, "keeps", 16);
    expect((await expand(handle, 8n * MiB)).capacity_bytes).to.equal(String(16n * MiB));
  });

  it("grows a volume that a node has", async () => {
    const volume_id = await makeVolume(controller, "online");
    const node_id = fakeVm(1).id;
    await controller.call.ControllerPublishVolume({ volume_id, node_id, volume_capability: WRITER });
    expect((await expand(volume_id, 12n * MiB)).capacity_bytes).to.equal(String(12n * MiB));
  });

  it("refuses sizes that no disk can have", async () => {
    const handle = await makeVolume(controller, "bounded");
    await expectFailure(expand(handle, 2n ** 63n - 1n), "OUT_OF_RANGE");
    await expectFailure(expand(handle, -1n), "INVALID_ARGUMENT");
    await expectFailure(expand(handle, 20n * MiB, 10n * MiB), "OUT_OF_RANGE");
    await expectFailure(expand(handle, 0n), "INVALID_ARGUMENT", /required_bytes is missing/);
  });

  it("refuses more than the pool has", async () => {
    const handle = await makeVolume(controller, "full");
    const agent = controller.agents["local"]!;
    agent.freeBytes = 1n * MiB;
    try {
      await expectFailure(expand(handle, 12n * MiB), "RESOURCE_EXHAUSTED", /free/);
    } finally {
      agent.freeBytes = undefined;
    }
    expect(await sizeOf(handle)).to.equal(String(8n * MiB));
  });

  it("needs a volume that exists, a range and a capability it has", async () => {
    await expectFailure(expand(`local/${UNKNOWN}`, 8n * MiB), "NOT_FOUND");
    await expectFailure(expand("x", 8n * MiB), "NOT_FOUND");
    await expectFailure(expand(`nosuch/${UNKNOWN}`, 8n * MiB), "UNAVAILABLE");
    await expectFailure(expand("", 8n * MiB), "INVALID_ARGUMENT", /volume_id is missing/);
    const rangeless = controller.call.ControllerExpandVolume({ volume_id: "x" });
    await expectFailure(rangeless, "INVALID_ARGUMENT", /capacity_range is missing/);
    const handle = await makeVolume(controller, "used");
    const odd = controller.call.ControllerExpandVolume({
      volume_id: handle,
      capacity_range: { required_bytes: String(16n * MiB) },
      volume_capability: { block: {}, access_mode: { mode: "MULTI_NODE_MULTI_WRITER" } },
    });
    await expectFailure(odd, "INVALID_ARGUMENT");
    expect(await sizeOf(handle)).to.equal(String(8n * MiB));
  });
});
