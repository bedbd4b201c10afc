import { expect } from "chai";
import { startTestAgent, type TestAgent } from "../../../support/agent.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { Random } from "../../../support/random.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";
import { Worker } from "../load/worker.ts";
import { cutAndLook } from "./cut-and-look.ts";
import { powerSupply } from "./power-supply.ts";

const CUTS = Number(process.env["POWER_CUTS"] ?? 200);
const WORKERS = 6;

describe("a power cut", function () {
  this.timeout(60_000 + CUTS * 6000);
  const path = scratchDirectory();
  before(needsLoopDevices);

  it(`loses nothing that was acknowledged, in ${CUTS} cuts under load`, async () => {
    const supply = await powerSupply(path);
    const agent: TestAgent = await startTestAgent(supply.pool);
    let stopped = false;
    const workers = Array.from(
      { length: WORKERS },
      (_, index) => new Worker(`w${index}`, { vms: [], pools: ["default"], random: new Random(index) }),
    );
    const load = Promise.all(workers.map((worker) => worker.run(agent.client, () => stopped)));
    // A worker that fails ends the test at the next cut.
    let failure: unknown;
    load.catch((error: unknown) => {
      failure = error;
    });
    const histories = workers.flatMap((worker) => worker.histories);
    const random = new Random(1);
    try {
      for (let cut = 0; cut < CUTS && failure === undefined; cut++) {
        await new Promise((resolve) => setTimeout(resolve, random.below(100)));
        expect(await cutAndLook(supply, histories), `cut ${cut}`).to.deep.equal([]);
      }
    } finally {
      stopped = true;
      await load.finally(() => agent.close());
    }
    const changes = workers.reduce((sum, worker) => sum + worker.changes, 0);
    console.log(`      ${CUTS} cuts, ${changes} changes acknowledged`);
    expect(changes).to.be.above(CUTS);
  });
});
