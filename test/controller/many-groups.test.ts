import { expect } from "chai";
import { NAMES, WRITER } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { simulatedGroups } from "../support/simulated-groups.ts";
import { until } from "../support/until.ts";

const GROUPS = Array.from({ length: 200 }, (_, index) => `rack-${String(index).padStart(3, "0")}`);
const EACH = 100;
const REFUSING = [GROUPS[0]!, GROUPS[77]!, GROUPS[199]!];
const HANGING = [GROUPS[33]!, GROUPS[120]!];
const DEAD = [...REFUSING, ...HANGING];
const LIVE = GROUPS.filter((name) => !DEAD.includes(name));
const at = (...groups: string[]) => groups.map((group) => ({ segments: { [NAMES.topologyKey]: group } }));
const node_id = fakeVm(1).id;

describe("a controller of 200 agents and 20,000 volumes, 5 of them dead", function () {
  this.timeout(300_000);
  const rig = simulatedGroups(GROUPS, 3_600_000);
  const { groups } = rig;
  let heap: number;

  async function listAll(): Promise<string[]> {
    const ids: string[] = [];
    let starting_token = "";
    do {
      const page = await rig.call.ListVolumes({ max_entries: 4096, starting_token });
      ids.push(...page.entries.map(({ volume }) => volume!.volume_id));
      starting_token = page.next_token;
    } while (starting_token !== "");
    return ids;
  }

  before(async () => {
    for (const [name, agent] of rig.agents)
      for (let at = 0; at < EACH; at++) agent.add(`${name}-${at}`, 2 ** 20);
    heap = process.memoryUsage().heapUsed;
    for (const name of REFUSING) await rig.agent(name).stop();
    for (const name of HANGING) rig.agent(name).hangs = true;
    for (const name of DEAD) rig.renew(name);
    await until(
      () => DEAD.every((name) => groups.get(name)!.agent.outage() !== undefined),
      "all dead agents are known",
    );
  });
  const askedOfTheDead = () => DEAD.map((name) => rig.agent(name).seen.length);

  it("makes, publishes and deletes volumes of live groups, and asks the dead nothing", async () => {
    const before = askedOfTheDead();
    await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const group = LIVE[index % LIVE.length]!;
        const { volume } = await rig.call.CreateVolume({
          name: `new-${index}`,
          volume_capabilities: [WRITER],
          capacity_range: { required_bytes: 2 ** 30 },
          accessibility_requirements: { requisite: at(group), preferred: at(group) },
        });
        const { volume_id } = volume!;
        expect(volume_id.split("/")[0]).to.equal(group);
        await rig.call.ControllerPublishVolume({ volume_id, node_id, volume_capability: WRITER });
        await rig.call.ControllerUnpublishVolume({ volume_id, node_id });
        await rig.call.DeleteVolume({ volume_id });
      }),
    );
    expect(askedOfTheDead()).to.deep.equal(before);
  });

  it("places what may lie anywhere, or prefers the dead, in live groups", async () => {
    const before = askedOfTheDead();
    const made: string[] = [];
    for (const [index, accessibility_requirements] of [
      null,
      { requisite: at(...GROUPS) },
      { requisite: at(...GROUPS), preferred: at(...DEAD, LIVE[5]!) },
    ].entries()) {
      const name = `anywhere-${index}`;
      const { volume } = await rig.call.CreateVolume({
        name,
        volume_capabilities: [WRITER],
        accessibility_requirements,
      });
      made.push(volume!.volume_id);
    }
    for (const id of made) expect(LIVE).to.include(id.split("/")[0]);
    expect(made[2]!.split("/")[0]).to.equal(LIVE[5]);
    expect(askedOfTheDead()).to.deep.equal(before);
    for (const volume_id of made) await rig.call.DeleteVolume({ volume_id });
  });

  it("says at once that a volume of a dead group is UNAVAILABLE, with the group and since when", async () => {
    const before = askedOfTheDead();
    for (const name of DEAD) {
      const volume_id = `${name}/${[...rig.agent(name).volumes.keys()][0]!}`;
      const publish = rig.call.ControllerPublishVolume({ volume_id, node_id, volume_capability: WRITER });
      await expectFailure(publish, "UNAVAILABLE", new RegExp(`${name} at .* since 20`));
    }
    expect(askedOfTheDead()).to.deep.equal(before);
  });

  it("lists nothing without the dead, naming them, and asks nobody", async () => {
    const asked = LIVE.map((name) => rig.agent(name).seen.length);
    const { message } = await expectFailure(rig.call.ListVolumes({}), "UNAVAILABLE", /missing in the list/);
    for (const name of DEAD) expect(message).to.contain(`group ${name}`);
    await expectFailure(rig.call.ListSnapshots({}), "UNAVAILABLE", /missing in the list/);
    expect(LIVE.map((name) => rig.agent(name).seen.length)).to.deep.equal(asked);
  });

  it("lists all once they were seen, also after they die again, in bounded memory", async () => {
    for (const name of REFUSING) await rig.agent(name).start();
    for (const name of HANGING) rig.agent(name).hangs = false;
    for (const name of DEAD) rig.renew(name);
    const all = await listAll();
    expect(new Set(all).size).to.equal(GROUPS.length * EACH);
    for (const name of REFUSING) await rig.agent(name).stop();
    for (const name of HANGING) rig.agent(name).hangs = true;
    for (const name of DEAD) rig.renew(name);
    expect(await listAll(), "with what was last known").to.deep.equal(all);
    global.gc?.();
    expect(process.memoryUsage().heapUsed - heap).to.be.below(200 * 2 ** 20);
  });
});
