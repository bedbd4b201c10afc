import { expect } from "chai";
import { NAMES, WRITER } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";
import { simulatedGroups } from "../support/simulated-groups.ts";
import { until } from "../support/until.ts";

const at = (...groups: string[]) => groups.map((group) => ({ segments: { [NAMES.topologyKey]: group } }));
const GiB = 2 ** 30;

describe("controller placement and volumes that exist", () => {
  const rig = simulatedGroups(["east", "mid", "west"]);
  const create = async (name: string, accessibility_requirements: object | null = null) => {
    const { volume } = await rig.call.CreateVolume({
      name,
      volume_capabilities: [WRITER],
      capacity_range: { required_bytes: GiB },
      accessibility_requirements,
    });
    expect(volume!.accessible_topology).to.deep.equal(at(volume!.volume_id.split("/")[0]!));
    return volume!.volume_id;
  };
  const copies = (name: string) =>
    [...rig.agents.values()].flatMap(({ volumes }) =>
      [...volumes.values()].filter((each) => each.name === name),
    ).length;
  const die = async (name: string) => {
    await rig.agent(name).stop();
    rig.renew(name);
    await until(() => rig.groups.get(name)!.agent.outage() !== undefined, `${name} is known to be dead`);
  };
  const live = async (name: string) => {
    await rig.agent(name).start();
    rig.renew(name);
  };
  beforeEach(() => {
    for (const agent of rig.agents.values()) agent.room = 100 * GiB;
  });

  it("finds a volume where it is, though another group is preferred now", async () => {
    const there = rig.agent("west").add("was-there", GiB);
    expect(await create("was-there", { preferred: at("east", "west") })).to.equal(`west/${there.id}`);
    expect(copies("was-there")).to.equal(1);
  });

  it("passes over a full group, in the order of preference", async () => {
    rig.agent("east").room = 0;
    expect(await create("full-1", { preferred: at("east", "west", "mid") })).to.match(/^west\//);
    rig.agent("west").room = 0;
    expect(
      await create("full-2", { preferred: at("east", "west"), requisite: at("mid", "west", "east") }),
    ).to.match(/^mid\//);
    rig.agent("mid").room = 0;
    await expectFailure(create("full-3"), "RESOURCE_EXHAUSTED", /the pool is full/);
  });

  it("takes the requisite group with the most room when none is preferred", async () => {
    rig.agent("west").room = 200 * GiB;
    rig.agent("mid").room = 300 * GiB;
    expect(await create("roomy", { requisite: at("east", "west") })).to.match(/^west\//);
  });

  it("makes no twin of a volume in a group that has died since", async () => {
    rig.agent("mid").room = 500 * GiB;
    const id = await create("one-only");
    expect(id).to.match(/^mid\//);
    await die("mid");
    try {
      await expectFailure(create("one-only"), "UNAVAILABLE", /group mid/);
      expect(await create("another")).not.to.match(/^mid\//);
    } finally {
      await live("mid");
    }
    expect(await create("one-only")).to.equal(id);
    expect(copies("one-only")).to.equal(1);
  });

  it("makes no twin when the answer to a create was lost", async () => {
    rig.agent("mid").room = 500 * GiB;
    // The request arrives and is done; its agent dies before the answer.
    rig.agent("mid").answer = (method) => {
      if (method !== "POST") return undefined;
      rig.agent("mid").add("lost-answer", GiB);
      rig.agent("mid").answer = undefined;
      void rig.agent("mid").stop();
      return {};
    };
    await expectFailure(create("lost-answer"), "UNAVAILABLE");
    await expectFailure(create("lost-answer"), "UNAVAILABLE", /mid/);
    await live("mid");
    expect(await create("lost-answer")).to.match(/^mid\//);
    expect(copies("lost-answer")).to.equal(1);
  });

  it("makes one volume of many equal requests at a time, while the room changes", async () => {
    const ids = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        rig.agent(["east", "mid", "west"][index % 3]!).room = (100 + index) * GiB;
        return await create("at-once");
      }),
    );
    expect(new Set(ids).size).to.equal(1);
    expect(copies("at-once")).to.equal(1);
  });

  it("is UNAVAILABLE when those with room do not answer and the others are full", async () => {
    await die("west");
    for (const name of ["east", "mid"]) rig.agent(name).room = 0;
    try {
      await expectFailure(
        create("no-room"),
        "UNAVAILABLE",
        /east: the pool is full|west: .*can't be reached/,
      );
    } finally {
      await live("west");
    }
  });
});
