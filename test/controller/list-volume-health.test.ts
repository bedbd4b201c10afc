import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { makeVolume, testController } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";
import { simulatedGroups } from "../support/simulated-groups.ts";

describe("controller ControllerListVolumeHealth", () => {
  const controller = testController();

  it("lists the volumes that something is wrong with, and no sound ones", async () => {
    await makeVolume(controller, "sound");
    const volume_id = await makeVolume(controller, "lost");
    const list = async () => (await controller.call.ControllerListVolumeHealth({})).entries;
    expect(await list()).to.deep.equal([]);
    const pool = join(controller.directory, "pools/local");
    const [disk = ""] = (await readdir(pool)).filter((name) => name.startsWith("lost;"));
    await rm(join(pool, disk));
    const entries = await list();
    expect(
      entries.map((entry) => [entry.volume_id, entry.health_statuses.map(({ status }) => status)]),
    ).to.deep.equal([[volume_id, ["DATA_LOSS"]]]);
    const { volume_health } = await controller.call.ControllerGetVolumeHealth({ volume_id });
    expect(entries).to.deep.equal([volume_health]);
  });

  it("refuses what is no page", async () => {
    await expectFailure(controller.call.ControllerListVolumeHealth({ max_entries: -1 }), "INVALID_ARGUMENT");
    await expectFailure(controller.call.ControllerListVolumeHealth({ starting_token: "x" }), "ABORTED");
  });
});

describe("controller ControllerListVolumeHealth over groups", () => {
  const rig = simulatedGroups(["a", "b", "c"]);
  const sick: string[] = [];
  before(() => {
    for (const [name, agent] of rig.agents) {
      const ids = Array.from({ length: 2500 }, (_, at) => agent.add(`${name}-${at}`).id).sort();
      // Nothing is wrong in the one in the middle; elsewhere there are pages of sound volumes alone.
      for (const at of name === "b" ? [] : [3, 4, 2400]) {
        agent.volumes.get(ids[at]!)!.problem = "bad";
        sick.push(`${name}/${ids[at]!}`);
      }
    }
  });

  for (const size of [0, 1, 2, 3, 6]) {
    it(`pages of ${size} tell each of them once, with a request for many volumes`, async () => {
      for (const agent of rig.agents.values()) agent.seen.length = 0;
      const seen: string[] = [];
      let token = "";
      do {
        const page = await rig.call.ControllerListVolumeHealth({ max_entries: size, starting_token: token });
        expect(page.entries.length).to.be.above(0);
        seen.push(...page.entries.map(({ volume_id }) => volume_id));
        token = page.next_token;
      } while (token !== "");
      expect(seen).to.deep.equal(sick);
      expect([...rig.agents.values()].flatMap(({ seen: requests }) => requests).length).to.be.below(60);
    });
  }

  it("is UNAVAILABLE without one of them", async () => {
    await rig.agent("b").stop();
    await expectFailure(rig.call.ControllerListVolumeHealth({}), "UNAVAILABLE", /group b/);
  });
});
