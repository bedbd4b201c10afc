import { expect } from "chai";
import { expectFailure } from "../support/failure.ts";
import { simulatedGroups } from "../support/simulated-groups.ts";

describe("conditions of volumes in a list", () => {
  const rig = simulatedGroups(["a", "b"]);
  const conditions = async (max_entries = 0) => {
    const found = new Map<string, { abnormal?: boolean; message?: string }>();
    let token = "";
    do {
      const page = await rig.call.ListVolumes({ max_entries, starting_token: token });
      for (const { volume, status } of page.entries)
        found.set(volume?.volume_id ?? "", status?.volume_condition ?? {});
      token = page.next_token;
    } while (token !== "");
    return found;
  };
  const sick = new Map<string, string>();
  before(() => {
    for (const [name, agent] of rig.agents) {
      for (let at = 0; at < 1500; at++) {
        const volume = agent.add(`${name}-${at}`);
        if (at % 100 !== 7) continue;
        volume.problem = `${name}-${at} is damaged`;
        sick.set(`${name}/${volume.id}`, volume.problem);
      }
    }
  });
  afterEach(() => {
    for (const agent of rig.agents.values()) agent.answer = undefined;
  });

  for (const size of [0, 400, 999]) {
    it(`are told in pages of ${size}, with a request for each page of an agent`, async () => {
      for (const agent of rig.agents.values()) agent.seen.length = 0;
      const found = await conditions(size);
      expect(found.size).to.equal(3000);
      for (const [id, { abnormal, message }] of found) {
        expect([abnormal, message]).to.deep.equal(
          sick.has(id) ? [true, sick.get(id)] : [false, "nothing is wrong with the volume"],
        );
      }
      const seen = [...rig.agents.values()].flatMap((agent) => agent.seen);
      expect(seen.filter((each) => each.endsWith("/volumes/health"))).to.have.length.below(20);
    });
  }

  it("are not known while an agent does not tell: the list does not fail for it", async () => {
    rig.agent("a").answer = (_method, path) => {
      if (path === "/volumes/health") throw new Error("a disk hangs");
      return undefined;
    };
    const found = await conditions();
    expect(found.size).to.equal(3000);
    for (const [id, { message }] of found) {
      if (id.startsWith("a/")) expect(message).to.equal("not known: its host did not tell in time");
    }
    expect([...found].filter(([, { abnormal }]) => abnormal).map(([id]) => id)).to.deep.equal(
      [...found.keys()].filter((id) => id.startsWith("b/") && sick.has(id)),
    );
  });

  it("are as the list itself has them while an agent does not tell: a disk that is missing is", async () => {
    const agent = rig.agent("a");
    const [id = ""] = agent.volumes.keys();
    agent.volumes.get(id)!.fault = "its disk is gone from the pool";
    agent.answer = (_method, path) => {
      if (path === "/volumes/health") throw new Error("a disk hangs");
      return undefined;
    };
    expect((await conditions()).get(`a/${id}`)).to.deep.equal({
      abnormal: true,
      message: "its disk is gone from the pool",
    });
  });

  it("come late: the list does not wait for them", async () => {
    const agent = rig.agent("b");
    const held: (() => void)[] = [];
    const before = agent.seen.length;
    agent.serveLater = (answer) => {
      if (agent.seen.at(-1)?.endsWith("/volumes/health") === true) held.push(answer);
      else answer();
    };
    try {
      const found = await conditions();
      expect(held).to.have.length.above(0);
      const [message] = [...found].filter(([id]) => id.startsWith("b/")).map(([, each]) => each.message);
      expect(message).to.equal("not known: its host did not tell in time");
      expect(agent.seen.length).to.be.above(before);
    } finally {
      agent.serveLater = undefined;
      for (const answer of held) answer();
    }
  }).timeout(300_000);

  it("do not make a list whole that lacks a group", async () => {
    await rig.agent("b").stop();
    await expectFailure(rig.call.ListVolumes({}), "UNAVAILABLE", /group b/);
  });
});
