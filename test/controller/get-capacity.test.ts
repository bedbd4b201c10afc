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

  it("refuses parameters that are not known", async () => {
    await expectFailure(controller.call.GetCapacity({ parameters: { no: "such" } }), "INVALID_ARGUMENT");
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
