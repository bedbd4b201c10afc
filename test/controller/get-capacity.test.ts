import { expect } from "chai";
import { GiB, MiB, TiB } from "../../src/kit/sizes.ts";
import { expectFailure } from "../support/failure.ts";
import { NAMES, testController, WRITER } from "../support/controller.ts";

const segments = (group: string) => ({ accessible_topology: { segments: { [NAMES.topologyKey]: group } } });

describe("controller GetCapacity", () => {
  const controller = testController({ groups: ["east", "west"] });
  before(() => {
    controller.agents["east"]!.freeBytes = 10n * GiB;
    controller.agents["west"]!.freeBytes = 100n * TiB;
  });

  it("is that of the group the topology names", async () => {
    expect(await controller.call.GetCapacity(segments("east"))).to.deep.equal({
      available_capacity: String(10n * GiB),
      maximum_volume_size: { value: String(10n * GiB) },
      minimum_volume_size: { value: String(6n * MiB) },
    });
    expect((await controller.call.GetCapacity(segments("west"))).maximum_volume_size).to.deep.equal({
      value: String(64n * TiB),
    });
  });

  it("is that of all groups without a topology, or with one that is not ours", async () => {
    const all = {
      available_capacity: String(100n * TiB + 10n * GiB),
      maximum_volume_size: { value: String(64n * TiB) },
      minimum_volume_size: { value: String(6n * MiB) },
    };
    expect(await controller.call.GetCapacity({})).to.deep.equal(all);
    expect(
      await controller.call.GetCapacity({ accessible_topology: { segments: { zone: "a" } } }),
    ).to.deep.equal(all);
  });

  it("is nothing in a group that no agent serves", async () => {
    expect((await controller.call.GetCapacity(segments("north"))).available_capacity).to.equal("0");
  });

  it("is nothing for volumes that can't be made", async () => {
    const many = { block: {}, access_mode: { mode: "MULTI_NODE_MULTI_WRITER" } } as const;
    const answer = await controller.call.GetCapacity({ volume_capabilities: [WRITER, many] });
    expect(answer.available_capacity).to.equal("0");
    expect(
      (await controller.call.GetCapacity({ volume_capabilities: [WRITER] })).available_capacity,
    ).not.to.equal("0");
  });

  it("is asked with what a class says to the sidecars, which CreateVolume never sees", async () => {
    const parameters: Record<string, string> = { "csi.storage.k8s.io/fstype": "xfs" };
    const steps = ["provisioner", "controller-publish", "controller-expand"];
    for (const step of [...steps, "node-stage", "node-publish", "node-expand"]) {
      parameters[`csi.storage.k8s.io/${step}-secret-name`] = "passphrase";
      parameters[`csi.storage.k8s.io/${step}-secret-namespace`] = "${pvc.namespace}";
    }
    parameters["csi.storage.k8s.io/secret-name"] = "of-all-steps";
    const answer = await controller.call.GetCapacity({ ...segments("east"), parameters });
    expect(answer.available_capacity).to.equal(String(10n * GiB));
  });

  it("refuses parameters that are not known", async () => {
    for (const name of ["no", "csi.storage.k8s.io/secret-key", "node-stage-secret-name"]) {
      const call = controller.call.GetCapacity({ parameters: { [name]: "such" } });
      await expectFailure(call, "INVALID_ARGUMENT", /is not known/);
    }
  });
});

describe("controller GetCapacity of a pool", () => {
  const controller = testController({ groups: ["east", "west"], twoPools: ["west"] });
  const available = async (pool: string, request = {}) =>
    (await controller.call.GetCapacity({ ...request, parameters: { pool } })).available_capacity;

  it("is nothing in a group that has no such pool, and that of the others in all", async () => {
    expect(await available("pool-1", segments("east"))).to.equal("0");
    expect(Number(await available("pool-1", segments("west")))).to.be.greaterThan(0);
    expect(Number(await available("pool-1"))).to.be.greaterThan(0);
  });

  it("is nothing when no group has it", async () => {
    expect(await available("nosuch")).to.equal("0");
  });
});

describe("controller GetCapacity with an agent down", () => {
  const controller = testController({ groups: ["east"], down: ["west"] });

  it("is unknown where the agent is needed, and known elsewhere", async () => {
    await expectFailure(controller.call.GetCapacity({}), "UNAVAILABLE");
    await expectFailure(controller.call.GetCapacity(segments("west")), "UNAVAILABLE");
    expect(Number((await controller.call.GetCapacity(segments("east"))).available_capacity)).to.be.above(0);
  });
});
