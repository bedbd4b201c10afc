import { expect } from "chai";
import { type AgentClient, createAgentClient, type Outage } from "../../src/agent-client/agent-client.ts";
import type { BreakerTimes } from "../../src/agent-client/breaker.ts";
import { StatusError } from "../../src/kit/errors.ts";
import { testCall, TEST_KEY } from "../support/agent.ts";
import { codeOf, expectFailure } from "../support/failure.ts";
import { SimulatedAgent } from "../support/simulated-agent.ts";
import { until } from "../support/until.ts";

const SHORT: BreakerTimes = { silence: 30, answer: 30_000, pause: 20, longestPause: 40 };
/** For an agent that hangs. */
const IMPATIENT: BreakerTimes = { ...SHORT, answer: 200 };
/** Once it is open, nothing that a test does not wait for closes it. */
const ONCE: BreakerTimes = { ...SHORT, pause: 600_000, longestPause: 600_000 };
const ID = "11111111-2222-4333-8444-555555555555";

describe("agent client with a breaker", () => {
  let agent: SimulatedAgent;
  const clients: AgentClient[] = [];
  const changes: (Outage | undefined)[] = [];

  beforeEach(async () => {
    agent = new SimulatedAgent();
    await agent.start();
    changes.length = 0;
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await agent.stop();
  });

  function client(times: BreakerTimes): AgentClient {
    const onChange = (outage: Outage | undefined) => changes.push(outage);
    const made = createAgentClient({ url: agent.url, apiKey: TEST_KEY }, { group: "east", times, onChange });
    clients.push(made);
    return made;
  }
  const isDown = (of: AgentClient) => until(() => of.outage() !== undefined, "the breaker opens");

  it("refuses at once while nobody listens, with the group, the address, since when and why", async () => {
    await agent.stop();
    const own = client(ONCE);
    await isDown(own);
    const { since, reason } = own.outage()!;
    const error = await expectFailure(own.getVolume(ID, testCall()), "UNAVAILABLE", /can't be reached/);
    expect(error.message)
      .to.contain("group east")
      .and.to.contain(agent.url)
      .and.to.contain(since.toISOString());
    expect(reason).to.equal("ECONNREFUSED");
    expect(error.message).to.contain("ECONNREFUSED").and.not.to.contain(TEST_KEY);
    expect(changes).to.deep.equal([own.outage()]);
  });

  it("asks a dead agent nothing, and finds by itself that it is back", async () => {
    await agent.stop();
    const own = client(SHORT);
    await isDown(own);
    for (let count = 0; count < 50; count++)
      expect(await codeOf(own.listVolumes(0, "", testCall()))).to.equal("UNAVAILABLE");
    await agent.start();
    await until(() => own.outage() === undefined, "the breaker closes");
    expect(agent.seen, "no caller's request was the probe").to.deep.equal([]);
    expect((await own.listVolumes(0, "", testCall())).volumes).to.deep.equal([]);
    expect(changes.map((outage) => outage === undefined)).to.deep.equal([false, true]);
  });

  it("ends what waits for an agent that takes requests and never answers", async () => {
    const own = client(IMPATIENT);
    await own.listVolumes(0, "", testCall());
    agent.hangs = true;
    const waiting = Array.from({ length: 80 }, () => own.createVolume("x", { size: 1n }, testCall()));
    for (const call of waiting) await expectFailure(call, "UNAVAILABLE", /no answer in time/);
    await expectFailure(own.getVolume(ID, testCall()), "UNAVAILABLE");
    agent.hangs = false;
    await until(() => own.outage() === undefined, "the breaker closes");
    await own.listVolumes(0, "", testCall());
  });

  it("notices an agent that hangs though each caller gives up early", async () => {
    const own = client({ ...ONCE, answer: 200 });
    await until(() => agent.looks > 0, "the first look");
    agent.hangs = true;
    await until(async () => {
      await codeOf(own.getVolume(ID, { ...testCall(), signal: AbortSignal.timeout(5) }));
      return own.outage() !== undefined;
    }, "the breaker opens");
  });

  it("waits for a long operation as long as the agent lives, however many there are", async () => {
    const own = client(SHORT);
    const release: (() => void)[] = [];
    agent.serveLater = (answer) => void release.push(answer);
    const waiting = Array.from({ length: 64 }, (_, index) =>
      own.createVolume(`long-${index}`, { size: 1n }, testCall()),
    );
    const before = agent.looks;
    await until(() => agent.looks > before + 3, "it was looked at again and again");
    expect(own.outage()).to.equal(undefined);
    agent.serveLater = undefined;
    for (const answer of release) answer();
    expect((await Promise.all(waiting)).map(({ name }) => name)).to.include("long-63");
  });

  for (const code of ["NOT_FOUND", "ABORTED", "INTERNAL", "UNAVAILABLE", "RESOURCE_EXHAUSTED"] as const) {
    it(`takes an agent that answers ${code} for alive`, async () => {
      agent.answer = () => {
        throw new StatusError(code, "says the agent");
      };
      const own = client(ONCE);
      for (let count = 0; count < 20; count++)
        await expectFailure(own.getVolume(ID, testCall()), code, /says the agent/);
      expect(own.outage()).to.equal(undefined);
    });
  }

  it("closes its sockets: idle ones at once, others when their requests have ended", async () => {
    const own = client(ONCE);
    await own.listVolumes(0, "", testCall());
    expect(await agent.connections()).to.be.above(0);
    const release: (() => void)[] = [];
    agent.serveLater = (answer) => void release.push(answer);
    const running = own.createVolume("last", { size: 1n }, testCall());
    await until(() => release.length === 1, "the request came");
    agent.serveLater = undefined;
    own.close();
    release[0]!();
    expect((await running).name).to.equal("last");
    await until(async () => (await agent.connections()) === 0, "no socket is open");
  });
});
