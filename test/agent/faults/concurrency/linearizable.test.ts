import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { testCall } from "../../../support/agent.ts";
import { bundleOf } from "../../../support/bundle.ts";
import { needsGoProgram } from "../../../support/go-program.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { Random } from "../../../support/random.ts";
import { freePort, type RunningAgent, startAgentProcess } from "../../../support/running-agent.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";
import { type Board, RandomClient } from "./client.ts";
import { check, type Operation } from "./history.ts";

const SECONDS = Number(process.env["LOAD_SECONDS"] ?? 60);
const CLIENTS = 64;
const NAMES = 50;

describe("64 clients of one agent", function () {
  this.timeout(SECONDS * 1000 + 600_000);
  const path = scratchDirectory();
  const program = bundleOf();
  before(needsLoopDevices);
  before(needsGoProgram("linearizable"));
  const vms = [randomUUID(), randomUUID()];
  let agent: RunningAgent;
  before(async () => {
    const options = ["--pool", path("pool"), "--max-volumes", "256", ...vms.flatMap((id) => ["--vm", id])];
    agent = await startAgentProcess({ program, port: await freePort(), directory: path(), options });
  });

  it("that ask for one name get one volume", async () => {
    const made = await Promise.all(
      Array.from({ length: CLIENTS }, () =>
        agent.client.createVolume("one", { size: 8n << 20n }, testCall()),
      ),
    );
    expect(new Set(made.map(({ id }) => id)).size).to.equal(1);
    expect((await agent.client.listVolumes(0, "", testCall())).volumes).to.have.lengthOf(1);
  });

  it(`see one order of what happens to each of ${NAMES} names, for ${SECONDS} s`, async () => {
    const names = Array.from({ length: NAMES }, (_, index) => `name-${index}`);
    const board: Board = { names, vms, ids: new Map(), history: [] };
    const end = Date.now() + SECONDS * 1000;
    const clients = Array.from(
      { length: CLIENTS },
      (_, index) => new RandomClient(index, agent.client, board, new Random(index)),
    );
    await Promise.all(clients.map((client) => client.run(() => Date.now() > end)));
    const codes = new Map<string, number>();
    for (const { code, kind } of board.history) {
      const key = `${kind} ${code}`;
      codes.set(key, (codes.get(key) ?? 0) + 1);
    }
    console.log(
      `      ${[...codes]
        .map(([key, count]) => `${key} ${count}`)
        .sort()
        .join(", ")}`,
    );
    const { linearizable, said } = await check(board.history, path("history.json"));
    console.log(`      ${said}`);
    expect(linearizable, said).to.equal(true);
    // The checker refuses the same history with one answer changed.
    const answered = board.history.findLastIndex(({ kind, code }) => kind === "get" && code === "OK");
    const spoilt = board.history.map((operation, index): Operation =>
      index === answered ? { ...operation, code: "NOT_FOUND" } : operation,
    );
    expect((await check(spoilt, path("spoilt.json"))).linearizable).to.equal(false);
  });
});
