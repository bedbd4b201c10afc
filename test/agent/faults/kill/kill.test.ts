import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { StatusError } from "../../../../src/kit/errors.ts";
import { bundleOf } from "../../../support/bundle.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { Random } from "../../../support/random.ts";
import {
  freePort,
  type RunningAgent,
  spawnAgent,
  startAgentProcess,
} from "../../../support/running-agent.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";
import { mismatch } from "../load/name-history.ts";
import { findings, observe } from "../load/observe.ts";
import { Worker } from "../load/worker.ts";

const KILLS = Number(process.env["AGENT_KILLS"] ?? 200);
const WORKERS = 6;

describe("an agent killed with -9 at any moment", function () {
  this.timeout(60_000 + KILLS * 6000);
  const path = scratchDirectory();
  before(needsLoopDevices);
  const program = bundleOf();

  /** Compares what is there with what was acknowledged; what was being done was done or not, and is settled by that. */
  async function settle(agent: RunningAgent, workers: readonly Worker[]): Promise<string[]> {
    const histories = workers.flatMap((worker) => worker.histories);
    const seen = await observe(agent.client);
    const wrong = histories.flatMap((history) => {
      const now = seen.get(history.name);
      const difference = mismatch(history.name, now, history.watch()());
      history.settle(now);
      return difference ?? [];
    });
    const known = new Set(histories.map(({ name }) => name));
    const strange = [...seen.keys()].filter((name) => !known.has(name));
    return [...wrong, ...strange, ...(await findings(agent.client))];
  }

  it(`loses nothing that was acknowledged and leaves nothing behind, in ${KILLS} kills under load`, async () => {
    const vms = [randomUUID(), randomUUID()];
    const pools = ["one", "two"];
    const place = {
      program,
      port: await freePort(),
      directory: path(),
      options: [
        ...pools.flatMap((name) => ["--pool", `${name}=${path(name)}`]),
        ...vms.flatMap((id) => ["--vm", id]),
      ],
    };
    const random = new Random(2);
    const workers = Array.from(
      { length: WORKERS },
      (_, index) => new Worker(`w${index}`, { vms, pools, random: new Random(index) }),
    );
    for (let kill = 0; kill < KILLS; kill++) {
      const agent = await startAgentProcess(place);
      expect(await settle(agent, workers), `after kill ${kill}`).to.deep.equal([]);
      let killed = false;
      const load = Promise.all(
        workers.map((worker) =>
          worker
            .run(agent.client, () => killed)
            .catch((error: unknown) => {
              // What a client sees of a killed agent; anything else is a refusal.
              if (!killed || StatusError.from(error).code !== "UNAVAILABLE") throw error;
            }),
        ),
      );
      await Promise.race([load, new Promise((resolve) => setTimeout(resolve, 20 + random.below(400)))]);
      killed = true;
      await agent.process.kill("SIGKILL");
      await load;
      // Also while it recovers from that.
      if (random.below(4) > 0) continue;
      const starting = await spawnAgent(place);
      await new Promise((resolve) => setTimeout(resolve, 200 + random.below(500)));
      await starting.kill("SIGKILL");
    }
    const last = await startAgentProcess(place);
    expect(await settle(last, workers)).to.deep.equal([]);
    const changes = workers.reduce((sum, worker) => sum + worker.changes, 0);
    console.log(`      ${KILLS} kills, ${changes} changes acknowledged`);
    expect(changes).to.be.above(KILLS);
    expect(await last.process.kill("SIGTERM")).to.equal(0);
  });
});
