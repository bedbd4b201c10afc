import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { bundleOf } from "../../support/bundle.ts";
import { startProcessWithInput } from "../../support/own-processes.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

describe("hyperv-csi agent --stop-on-stdin-end", () => {
  const scratch = scratchDirectory();
  const bundle = bundleOf();

  before(() => writeFile(scratch("key"), randomUUID()));

  /** An agent that has said that it is ready; nobody has closed its input. */
  async function ready(...more: string[]) {
    const own = ["--listen", "127.0.0.1:0", "--api-key-file", scratch("key"), "--group", "test"];
    const places = ["--pool", scratch(randomUUID()), "--state-dir", scratch("state")];
    const agent = startProcessWithInput(process.execPath, [bundle, "agent", ...own, ...places, ...more]);
    await agent.says(/agent is ready/);
    return agent;
  }

  it("ends in order when its input does", async () => {
    const agent = await ready("--stop-on-stdin-end");
    agent.endInput("what is written there means nothing\n");
    expect(await agent.ended(), agent.output()).to.equal(0);
    expect(agent.output()).to.contain("agent stops: running work comes to its end first");
  });

  it("still ends at a signal, though its input stays open", async () => {
    const agent = await ready("--stop-on-stdin-end");
    expect(await agent.kill("SIGTERM"), agent.output()).to.equal(0);
  });

  it("is needed for that: without it the end of the input means nothing", async () => {
    const agent = await ready();
    agent.endInput();
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(agent.output())?.[0] ?? "";
    expect((await fetch(`${url}/healthz`)).status).to.equal(200);
    expect(await agent.kill("SIGTERM")).to.equal(0);
  });
});
