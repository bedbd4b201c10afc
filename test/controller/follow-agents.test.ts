import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { defaultBreakerTimes } from "../../src/agent-client/breaker.ts";
import { observeAgents } from "../../src/controller/agent-metrics.ts";
import { type FollowedAgents, followAgents } from "../../src/controller/follow-agents.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { DEAD_URL, startTestAgent, TEST_KEY, testCall, type TestAgent } from "../support/agent.ts";
import { codeOf, expectFailure } from "../support/failure.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { SimulatedAgent } from "../support/simulated-agent.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { until } from "../support/until.ts";

const yaml = (agents: Readonly<Record<string, string>>, key = "key") =>
  JSON.stringify({ agents: Object.entries(agents).map(([group, url]) => ({ group, url, apiKeyFile: key })) });

describe("a followed agents file", () => {
  const path = temporaryDirectory();
  const { log, lines } = recordedLog();
  const text = () => JSON.stringify(lines());
  let east: SimulatedAgent;
  let west: SimulatedAgent;
  let followed: FollowedAgents;
  before(async () => {
    east = new SimulatedAgent();
    west = new SimulatedAgent();
    await east.start();
    await west.start();
    await writeFile(path("key"), TEST_KEY);
    await writeFile(path("agents.yaml"), yaml({ east: east.url }));
    followed = await followAgents(path("agents.yaml"), log);
  });
  after(async () => {
    await followed.close();
    await east.stop();
    await west.stop();
  });
  const names = () => followed.groups.all().map(({ name }) => name);
  const change = async (content: string) => {
    await writeFile(path("new"), content);
    await rename(path("new"), path("agents.yaml"));
  };

  it("that is bad from the start is refused", async () => {
    await writeFile(path("bad.yaml"), "agents: []");
    await expectFailure(followAgents(path("bad.yaml"), log), "INVALID_ARGUMENT", /bad\.yaml/);
  });

  it("adds agents, and keeps the clients of those that stay", async () => {
    const client = followed.groups.get("east")!.agent;
    await change(yaml({ west: west.url, east: `${east.url}/` }));
    await until(() => names().length === 2, "west is there");
    expect(names()).to.deep.equal(["east", "west"]);
    expect(followed.groups.get("east")!.agent).to.equal(client);
    await followed.groups.get("west")!.agent.listVolumes(0, "", testCall());
  });

  it("that turns bad is told, changes nothing, and works again when it is mended", async () => {
    const { registry } = createMetrics();
    observeAgents(followed, registry);
    const valid = () => registry.getSingleMetricAsString("hyperv_csi_controller_agents_file_valid");
    expect(await valid()).to.match(/_valid 1$/m);
    const before = followed.groups.all();
    await change('agents: [{group: east, url: "http://east", apiKeyFile: missing.key}]');
    await until(() => text().includes("missing.key can't be read"), "the problem is logged");
    expect(text()).to.contain("the agents before stay");
    expect(await valid()).to.match(/_valid 0$/m);
    expect(followed.groups.all()).to.deep.equal(before);
    await followed.groups.get("west")!.agent.listVolumes(0, "", testCall());
    // The file that was missing comes: the agents file itself does not change again.
    await writeFile(path("missing.key"), TEST_KEY);
    await until(() => names().length === 1, "the missing file was looked for");
    await change(yaml({ east: east.url, west: west.url }));
    await until(() => names().length === 2, "it is as before");
    expect(await valid()).to.match(/_valid 1$/m);
  });

  it("removes agents: what is at work ends on the client it began with, and its sockets close", async () => {
    const client = followed.groups.get("west")!.agent;
    const release: (() => void)[] = [];
    west.serveLater = (answer) => void release.push(answer);
    const running = client.createVolume("long", { size: 1n }, testCall());
    await until(() => release.length === 1, "the request came");
    west.serveLater = undefined;
    await change(yaml({ east: east.url }));
    await until(() => names().length === 1, "west is gone");
    release[0]!();
    expect((await running).name).to.equal("long");
    await until(async () => (await west.connections()) === 0, "no socket to west is open");
    expect(text()).to.contain("the agents file was read").and.not.to.contain(TEST_KEY);
  });
});

describe("a followed agents file in a mounted Secret", () => {
  const path = temporaryDirectory();
  let agent: TestAgent;
  let followed: FollowedAgents | undefined;
  before(async () => {
    agent = await startTestAgent(path("pool"), "east");
  });
  after(async () => {
    await followed?.close();
    await agent.close();
  });

  it("is read again when the links are swapped, as is a key", async () => {
    // As kubelet lays out a Secret: files are links to ..data/FILE, and ..data a link to a directory of a version.
    const { log } = recordedLog();
    await mkdir(path("one"));
    await writeFile(path("one/agents.yaml"), yaml({ east: agent.url }));
    await writeFile(path("one/key"), "another-key-0123456789");
    await symlink("one", path("..data"));
    for (const file of ["agents.yaml", "key"]) await symlink(`..data/${file}`, path(file));
    followed = await followAgents(path("agents.yaml"), log);
    const ask = () => codeOf(followed!.groups.get("east")!.agent.capacity(undefined, testCall()));
    expect(await ask()).to.equal("PERMISSION_DENIED");
    await mkdir(path("two"));
    await writeFile(path("two/agents.yaml"), yaml({ east: agent.url }));
    await writeFile(path("two/key"), TEST_KEY);
    await symlink("two", path("..data.new"));
    await rename(path("..data.new"), path("..data"));
    await rm(path("one"), { recursive: true });
    await until(async () => (await ask()) === "OK", "the new key is used");
  });
});

describe("the metric of a controller's agents", () => {
  const path = temporaryDirectory();

  it("tells which do not answer, and starts without them", async () => {
    const { log, lines } = recordedLog();
    const text = () => JSON.stringify(lines());
    const up = new SimulatedAgent();
    await up.start();
    await writeFile(path("key"), TEST_KEY);
    await writeFile(path("agents.yaml"), yaml({ up: up.url, down: DEAD_URL }));
    const times = { ...defaultBreakerTimes, answer: 60_000 };
    const own = await followAgents(path("agents.yaml"), log, times);
    const { groups } = own;
    const { registry } = createMetrics();
    observeAgents(own, registry);
    await until(() => groups.get("down")!.agent.outage() !== undefined, "it is noticed");
    const metrics = await registry.getSingleMetricAsString("hyperv_csi_controller_agent_up");
    expect(metrics).to.contain('{group="down"} 0').and.to.contain('{group="up"} 1');
    expect(text()).to.contain("does not answer").and.to.contain("ECONNREFUSED");
    groups.replace(groups.all().filter(({ name }) => name === "up"));
    expect(await registry.getSingleMetricAsString("hyperv_csi_controller_agent_up")).not.to.contain("down");
    await own.close();
    await up.stop();
  });
});
