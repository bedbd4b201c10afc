import { expect } from "chai";
import { GiB } from "../../src/kit/sizes.ts";
import { expectFailure } from "../support/failure.ts";
import { NAMES, testController, WRITER } from "../support/controller.ts";

const at = (...groups: string[]) => groups.map((group) => ({ segments: { [NAMES.topologyKey]: group } }));

describe("controller placement of new volumes", () => {
  const controller = testController({ groups: ["east", "north", "west"] });
  let made = 0;
  const groupOf = async (accessibility_requirements: object | null, name = `volume-${made++}`) => {
    const { volume } = await controller.call.CreateVolume({
      name,
      volume_capabilities: [WRITER],
      capacity_range: { required_bytes: 8 * 2 ** 20 },
      accessibility_requirements,
    });
    const [group] = volume!.volume_id.split("/");
    expect(volume!.accessible_topology).to.deep.equal(at(group!));
    return group;
  };
  const room = (gibibytes: Readonly<Record<string, bigint>>) => {
    for (const [group, size] of Object.entries(gibibytes)) controller.agents[group]!.freeBytes = size * GiB;
  };

  it("takes the first preferred group", async () => {
    for (const group of ["west", "east", "north"]) {
      const others = ["north", "east", "west"].filter((each) => each !== group);
      expect(await groupOf({ preferred: at(group, ...others), requisite: at(...others, group) })).to.equal(
        group,
      );
    }
  });

  it("takes the first requisite group without a preference", async () => {
    expect(await groupOf({ requisite: at("north", "east") })).to.equal("north");
  });

  it("passes over groups that no agent serves", async () => {
    expect(await groupOf({ preferred: at("south", "west") })).to.equal("west");
    await expectFailure(groupOf({ requisite: at("south") }), "RESOURCE_EXHAUSTED", /south/);
  });

  it("takes the group with the most room when the topology says nothing", async () => {
    room({ east: 1n, north: 3n, west: 2n });
    expect(await groupOf(null)).to.equal("north");
    room({ west: 4n });
    expect(await groupOf(null)).to.equal("west");
    expect(await groupOf({ requisite: [{ segments: { zone: "a" } }] })).to.equal("west");
  });

  it("stays with the group that has the volume when the room changes", async () => {
    room({ east: 1n, north: 3n, west: 2n });
    expect(await groupOf(null, "repeated")).to.equal("north");
    room({ west: 4n });
    expect(await groupOf(null, "repeated")).to.equal("north");
  });
});

describe("controller placement where only some groups have the pool", () => {
  const controller = testController({ groups: ["east", "north", "west"], twoPools: ["north", "west"] });
  let made = 0;
  const create = async (pool: string, requirement: object | null = null, more: object = {}) => {
    const { volume } = await controller.call.CreateVolume({
      name: `in-pool-${made++}`,
      volume_capabilities: [WRITER],
      capacity_range: { required_bytes: 8 * 2 ** 20 },
      parameters: { pool },
      accessibility_requirements: requirement,
      ...more,
    });
    return volume!.volume_id;
  };

  it("passes over the others, wherever they stand", async () => {
    expect(await create("pool-1")).to.match(/^(north|west)\//);
    expect(await create("pool-1", { preferred: at("east", "north", "west") })).to.match(/^north\//);
    expect(await create("pool-1", { preferred: at("east"), requisite: at("east", "west") })).to.match(
      /^west\//,
    );
    controller.agents["north"]!.freeBytes = controller.agents["west"]!.freeBytes = 0n;
    expect(await create("default")).to.match(/^east\//);
  });

  it("takes the group whose pool of that name has the most room", async () => {
    const large = { capacity_range: { required_bytes: 512 * 2 ** 20 } };
    await create("pool-1", { requisite: at("west") }, large);
    controller.agents["north"]!.freeBytes = 0n;
    controller.agents["west"]!.freeBytes = 100n * GiB;
    expect(await create("pool-1")).to.match(/^north\//);
  });

  it("finds the volume again, by the same request", async () => {
    const first = await create("pool-1", { preferred: at("east", "west") }, { name: "again" });
    expect(
      await create("pool-1", { preferred: at("east", "north"), requisite: at("west") }, { name: "again" }),
    ).to.equal(first);
  });

  it("has no room for it elsewhere, which names pool and groups", async () => {
    // The provisioner lets the scheduler choose another node for this code alone.
    const lacks = /east: there is no pool "pool-1"; there are: default/;
    await expectFailure(create("pool-1", { requisite: at("east") }), "RESOURCE_EXHAUSTED", lacks);
    const none =
      /(east|north|west): there is no pool "nosuch"; .*; (east|north|west): .*; (east|north|west): /;
    await expectFailure(create("nosuch"), "RESOURCE_EXHAUSTED", none);
  });

  it("does not take a source that is gone for a pool that there is not", async () => {
    const gone = "east/11111111-2222-4333-8444-555555555555";
    const source = { volume_content_source: { volume: { volume_id: gone } } };
    await expectFailure(create("pool-1", null, source), "NOT_FOUND");
  });
});

describe("controller placement with an agent down", () => {
  const controller = testController({ groups: ["east"], down: ["west"] });
  let made = 0;
  const create = (accessibility_requirements: object | null) =>
    controller.call.CreateVolume({
      name: `somewhere-${made++}`,
      volume_capabilities: [WRITER],
      accessibility_requirements,
    });

  it("takes a group that answers, unless only the other is allowed", async () => {
    expect((await create(null)).volume?.volume_id).to.match(/^east\//);
    expect((await create({ preferred: at("west", "east") })).volume?.volume_id).to.match(/^east\//);
    const strict = { preferred: at("west"), requisite: at("west") };
    await expectFailure(create(strict), "UNAVAILABLE", /ECONNREFUSED/);
  });
});

describe("controller placement with all agents down", () => {
  const controller = testController({ groups: [], down: ["east", "west"] });

  it("is UNAVAILABLE", async () => {
    const call = controller.call.CreateVolume({ name: "nowhere", volume_capabilities: [WRITER] });
    await expectFailure(call, "UNAVAILABLE", /(east|west): .*ECONNREFUSED.*; (east|west): /);
  });
});
