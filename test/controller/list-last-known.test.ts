import { expect } from "chai";
import { LastKnown } from "../../src/controller/last-known.ts";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { simulatedGroups, type SimulatedGroups } from "../support/simulated-groups.ts";
import { until } from "../support/until.ts";

async function pages(rig: SimulatedGroups, max_entries: number, between: () => unknown = () => undefined) {
  const ids: string[] = [];
  let starting_token = "";
  do {
    const page = await rig.call.ListVolumes({ max_entries, starting_token });
    ids.push(...page.entries.map(({ volume }) => volume!.volume_id));
    expect(page.entries.length, "no page is empty").to.be.above(0);
    starting_token = page.next_token;
    await between();
  } while (starting_token !== "");
  return ids;
}
const handles = (rig: SimulatedGroups, names: readonly string[]) =>
  names.flatMap((name) => [...rig.agent(name).volumes.keys()].sort().map((id) => `${name}/${id}`));

describe("controller lists while groups come and go", () => {
  const rig = simulatedGroups(["a", "b", "c"]);
  before(() => {
    for (const [name, agent] of rig.agents) for (let at = 0; at < 5; at++) agent.add(`${name}-${at}`);
  });

  for (const size of [1, 2, 5, 7]) {
    it(`go on behind a group that was removed, in pages of ${size}`, async () => {
      const before = rig.groups.all();
      const seen = await pages(rig, size, () => {
        rig.groups.replace(before.filter(({ name }) => name !== "b"));
      });
      expect(seen).to.include.members(handles(rig, ["a", "c"]));
      expect(new Set(seen).size).to.equal(seen.length);
      rig.groups.replace(before);
      expect(await pages(rig, size)).to.deep.equal(handles(rig, ["a", "b", "c"]));
    });
  }

  it("refuse tokens of others", async () => {
    for (const starting_token of ["x", "/", "A/", "a/x", "a/v1-x"]) {
      await expectFailure(rig.call.ListVolumes({ starting_token }), "ABORTED", /start again/);
    }
  });
});

describe("controller lists with what was last known", () => {
  const rig = simulatedGroups(["a", "b", "c"], 3_600_000);
  before(() => {
    for (const [name, agent] of rig.agents) for (let at = 0; at < 4; at++) agent.add(`${name}-${at}`);
  });

  it("serve it with the nodes of then, in any pages, and what is new after the agent is back", async () => {
    const [volume] = [...rig.agent("b").volumes.values()];
    volume!.hosts.add(fakeVm(1).id);
    await pages(rig, 3);
    await rig.agent("b").stop();
    for (const size of [1, 3, 4, 0]) {
      expect(await pages(rig, size), `pages of ${size}`).to.deep.equal(handles(rig, ["a", "b", "c"]));
    }
    const { entries } = await rig.call.ListVolumes({});
    const entry = entries.find((each) => each.volume!.volume_id === `b/${volume!.id}`);
    expect(entry?.status?.published_node_ids).to.deep.equal([fakeVm(1).id]);
    rig.agent("b").add("b-new");
    await rig.agent("b").start();
    rig.renew("b");
    expect(await pages(rig, 2)).to.deep.equal(handles(rig, ["a", "b", "c"]));
  });

  it("is UNAVAILABLE for a group that was never seen whole", async () => {
    rig.agent("c").answer = () => undefined;
    await rig.agent("c").stop();
    rig.renew("c");
    await until(() => rig.groups.get("c")!.agent.outage() !== undefined, "c is known to be dead");
    await expectFailure(rig.call.ListSnapshots({}), "UNAVAILABLE", /group c/);
  });
});

describe("what was last known", () => {
  const some = (...ids: string[]) => ids.map((id) => ({ id, entry: id, bytes: 1 }));
  const ids = (known: LastKnown<string>, group: string) => known.of(group)?.map(({ id }) => id);

  it("is put together from pages of several who list at a time", () => {
    const known = new LastKnown<string>(60_000);
    known.keep("a", "", some("1"), "t1");
    known.keep("a", "", some("1", "2"), "t2");
    expect(ids(known, "a")).to.equal(undefined);
    known.keep("a", "t1", some("2", "3"), "");
    expect(ids(known, "a")).to.deep.equal(["1", "2", "3"]);
    known.keep("a", "t2", some("3", "4"), "");
    expect(ids(known, "a")).to.deep.equal(["1", "2", "3", "4"]);
    known.keep("a", "unknown", some("9"), "");
    expect(ids(known, "a")).to.deep.equal(["1", "2", "3", "4"]);
    known.keep("a", "", [], "");
    expect(ids(known, "a")).to.deep.equal([]);
  });

  it("is forgotten when it is too old, or too much", () => {
    const old = new LastKnown<string>(-1);
    old.keep("a", "", some("1"), "");
    expect(ids(old, "a")).to.equal(undefined);
    const known = new LastKnown<string>(60_000);
    const many = Array.from({ length: 30_000 }, (_, index) => ({ id: String(index), entry: "", bytes: 1 }));
    known.keep("a", "", many, "");
    known.keep("b", "", many, "");
    expect(known.of("a")?.length).to.equal(30_000);
    expect(known.of("b")).to.equal(undefined);
  });
});
