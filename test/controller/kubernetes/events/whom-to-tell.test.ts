import { expect } from "chai";
import { createAgentClient } from "../../../../src/agent-client/agent-client.ts";
import { defaultBreakerTimes } from "../../../../src/agent-client/breaker.ts";
import { controllerService } from "../../../../src/controller/controller.ts";
import { Groups } from "../../../../src/controller/groups.ts";
import { Recorder } from "../../../../src/controller/kubernetes/events/recorder.ts";
import { tellNoRoom } from "../../../../src/controller/kubernetes/events/tell-no-room.ts";
import { watchHealthTask } from "../../../../src/controller/kubernetes/events/watch-health.ts";
import { watchHostsTask } from "../../../../src/controller/kubernetes/events/watch-hosts.ts";
import type { Task } from "../../../../src/controller/kubernetes/leader/task.ts";
import { NoRoomReports, reportingNoRoom } from "../../../../src/controller/no-room.ts";
import { csiClient } from "../../../../src/csi/client.ts";
import { identityService } from "../../../../src/csi/identity.ts";
import type { ControllerRpcs } from "../../../../src/csi/rpc.ts";
import { serveSocket } from "../../../../src/csi/server.ts";
import { StatusError } from "../../../../src/kit/errors.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { TEST_KEY } from "../../../support/agent.ts";
import { testApi } from "../../../support/api-server/test-api.ts";
import { type ControllerCalls, NAMES, WRITER } from "../../../support/controller.ts";
import { codeOf } from "../../../support/failure.ts";
import { SimulatedAgent } from "../../../support/simulated-agent.ts";
import { temporaryDirectory } from "../../../support/temporary.ts";
import { until } from "../../../support/until.ts";

const DRIVER = NAMES.driverName;

const never = new AbortController().signal;
const growth = (id: string) => ({
  volume_id: `east/${id}`,
  capacity_range: { required_bytes: 4_000_000_000 },
});

/** Changes find no room. */
function full(method: string): undefined {
  if (method !== "GET") throw new StatusError("RESOURCE_EXHAUSTED", "the pool is full");
  return undefined;
}

describe("who is told by Events", () => {
  const test = testApi();
  const path = temporaryDirectory();
  const stop: AbortController[] = [];
  const closers: (() => Promise<void>)[] = [];
  let agent: SimulatedAgent;
  let groups: Groups;
  let recorder: Recorder;

  beforeEach(async () => {
    agent = new SimulatedAgent();
    await agent.start();
    const client = createAgentClient(
      { url: agent.url, apiKey: TEST_KEY },
      {
        group: "east",
        times: { ...defaultBreakerTimes, pause: 20, longestPause: 50 },
        onChange: () => undefined,
      },
    );
    groups = new Groups([{ name: "east", agent: client }]);
    recorder = record(0);
  });
  afterEach(async () => {
    for (const each of stop.splice(0)) each.abort();
    for (const close of closers.splice(0)) await close();
    for (const group of groups.all()) group.agent.close();
    await agent.stop();
  });

  /** The controller's RPCs over a socket, and what they report. */
  async function serve(): Promise<{ call: ControllerCalls; reports: NoRoomReports }> {
    const reports = new NoRoomReports();
    const Controller = reportingNoRoom(controllerService({ groups, names: NAMES }), reports);
    const Identity = identityService(DRIVER, () => Promise.resolve(true));
    const socket = path(`${stop.length}-${Math.random()}.sock`);
    const server = await serveSocket(socket, { Identity, Controller }, createMetrics(), silentLog());
    const client = csiClient<ControllerRpcs>("Controller", socket);
    closers.push(async () => {
      client.close();
      await server.close();
    });
    return { call: client.call as unknown as ControllerCalls, reports };
  }

  /** Tells Events, of the same thing after `again` ms. */
  function record(again: number): Recorder {
    const times = { between: 1, again, failed: 20, longestFailed: 50 };
    const by = { controller: DRIVER, instance: "pod" };
    const made = new Recorder(test.api, by, createMetrics().registry, silentLog(), times);
    run({ name: "events", run: (signal) => made.run(signal) });
    return made;
  }

  function run(task: Task): void {
    const own = new AbortController();
    stop.push(own);
    void task.run(own.signal).catch(() => undefined);
  }

  /** A volume of the agent as Kubernetes has it. */
  function putVolume(name: string, handle: string, driver = DRIVER): void {
    const claimRef = { namespace: "shop", name: `claim-${name}`, uid: `uid-claim-${name}` };
    const csi = { driver, volumeHandle: handle };
    test.server.put("/api/v1/persistentvolumes", { metadata: { name }, spec: { csi, claimRef } });
  }

  /** All Events as `reason kind/name: note`. */
  const told = () =>
    test.server.store.list("/apis/events.k8s.io/v1/events").map((event) => {
      const { kind, name } = event["regarding"] as { kind: string; name: string };
      return `${event["reason"] as string} ${kind}/${name}: ${event["note"] as string}`;
    });
  const toldOf = (reason: string) => told().filter((text) => text.startsWith(reason));

  it("the claim whose volume found no room, and both sides of one that can't grow", async () => {
    const { call, reports } = await serve();
    agent.answer = full;
    test.server.put("/api/v1/namespaces/shop/persistentvolumeclaims", {
      metadata: { name: "data", namespace: "shop", uid: "uid-data" },
    });
    const create = {
      name: "pvc-1",
      volume_capabilities: [WRITER],
      parameters: { "csi.storage.k8s.io/pvc/name": "data", "csi.storage.k8s.io/pvc/namespace": "shop" },
    };
    // Before anybody listens, as while the controller starts.
    expect(await codeOf(call.CreateVolume(create))).to.equal("RESOURCE_EXHAUSTED");
    tellNoRoom(reports, test.api, DRIVER, recorder, silentLog(), never);
    await until(() => told().length === 1, "the claim is told");
    expect(told()[0]).to.match(/^NoRoomForVolume PersistentVolumeClaim\/data: .*full.* Free space/);

    const { id } = agent.add("grows");
    putVolume("other", `east/${agent.add("other").id}`);
    putVolume("foreign", `east/${id}`, "other.csi");
    // As khyperv-csi names its volumes.
    putVolume("grows", id);
    expect(await codeOf(call.ControllerExpandVolume(growth(id)))).to.equal("RESOURCE_EXHAUSTED");
    await until(() => toldOf("NoRoomToGrow").length === 2, "both are told");
    expect(toldOf("NoRoomToGrow").map((text) => text.split(":")[0]?.split(" ")[1])).to.have.members([
      "PersistentVolume/grows",
      "PersistentVolumeClaim/claim-grows",
    ]);
  });

  it("nobody of other failures, nor of volumes that no claim asked for", async () => {
    const { call, reports } = await serve();
    const seen: unknown[] = [];
    reports.listen((report) => seen.push(report));
    await codeOf(call.CreateVolume({ name: "", volume_capabilities: [WRITER] }));
    await codeOf(call.ControllerExpandVolume(growth("00000000-0000-4000-8000-000000000000")));
    agent.answer = full;
    expect(await codeOf(call.CreateVolume({ name: "by-hand", volume_capabilities: [WRITER] }))).to.equal(
      "RESOURCE_EXHAUSTED",
    );
    expect(seen).to.deep.equal([]);
  });

  it("volumes that can't grow by one look at all: many reports of one, and many that wait", async () => {
    const lists = () => test.server.seen("GET", /\/persistentvolumes$/).length;
    const reports = new NoRoomReports();
    tellNoRoom(reports, test.api, DRIVER, record(1e9), silentLog(), never);
    const ids = Array.from({ length: 100 }, (_, at) => agent.add(`full-${at}`).id);
    for (const [at, id] of ids.entries()) putVolume(`full-${at}`, `east/${id}`);
    const report = (id: string, message: string) => {
      reports.report({ for: "growth", handle: `east/${id}`, message });
    };
    const [first = ""] = ids;
    for (let times = 0; times < 100; times++) report(first, `full, ${times}`);
    await until(() => toldOf("NoRoomToGrow").length === 2, "both sides of the first are told");
    for (let times = 0; times < 100; times++) report(first, `full again, ${times}`);
    expect(lists()).to.equal(1);
    // The second has a list of its own; while that runs the others come, and share the next.
    for (const id of ids) for (let times = 0; times < 3; times++) report(id, "full");
    await until(() => toldOf("NoRoomToGrow").length === 200, "all are told");
    expect(lists()).to.equal(3);
  });

  it("volumes that can't grow at the next report, when the API server did not say whose they are", async () => {
    const reports = new NoRoomReports();
    tellNoRoom(reports, test.api, DRIVER, record(1e9), silentLog(), never);
    const { id } = agent.add("full");
    putVolume("full", `east/${id}`);
    let answered = 0;
    test.server.meddle = ({ path: asked }, response) => {
      if (!asked.endsWith("/persistentvolumes") || answered++ > 0) return false;
      response.writeHead(500).end("{}");
      return true;
    };
    await until(() => {
      reports.report({ for: "growth", handle: id, message: "full" });
      return toldOf("NoRoomToGrow").length === 2;
    }, "it is told");
    expect(answered).to.equal(2);
  });

  it("no call waits for an API server that hangs, nor fails because of it", async () => {
    const { call, reports } = await serve();
    test.server.meddle = () => true;
    tellNoRoom(reports, test.api, DRIVER, recorder, silentLog(), never);
    agent.answer = full;
    const { id } = agent.add("grows");
    for (let times = 0; times < 20; times++)
      expect(await codeOf(call.ControllerExpandVolume(growth(id)))).to.equal("RESOURCE_EXHAUSTED");
    for (let at = 0; at < 20; at++)
      reports.report({ for: "create", claim: { namespace: "shop", name: `data-${at}` }, message: "full" });
    // Only some of them are looked up at a time, and volumes all at once.
    await until(() => test.server.asked.length === 5, "they ask");
  });

  it("volumes that something is wrong with, once, and once more when nothing is", async () => {
    const { id } = agent.add("sick");
    putVolume("sick", `east/${id}`);
    putVolume("sound", `east/${agent.add("sound").id}`);
    agent.volumes.get(id)!.problem = "the disk is damaged";
    run(watchHealthTask(groups, DRIVER, test.api, recorder, silentLog(), { every: 20, again: 1e9 }));
    await until(() => told().length === 2, "both are told");
    expect(toldOf("VolumeUnhealthy PersistentVolume/sick: ")).to.have.lengthOf(1);
    expect(toldOf("VolumeUnhealthy PersistentVolumeClaim/claim-sick: ")).to.have.lengthOf(1);
    expect(told()[0]).to.match(/the disk is damaged.* reference of health/);
    await agent.stop();
    await agent.start();
    delete agent.volumes.get(id)!.problem;
    await until(() => toldOf("VolumeHealthy").length === 2, "both are told that it is over");
    expect(toldOf("VolumeUnhealthy")).to.have.lengthOf(2);
  });

  it("nodes of a group whose agent is away, and that it is back; no others", async () => {
    const label = NAMES.topologyKey;
    for (const [name, group] of [
      ["one", "east"],
      ["two", "east"],
      ["three", "west"],
    ] as const)
      test.server.put("/api/v1/nodes", { metadata: { name, labels: { [label]: group } } });
    run(watchHostsTask(groups, label, test.api, recorder, { every: 20, patience: 100 }));
    await agent.stop();
    await until(() => told().length === 2, "both are told");
    expect(toldOf("HostUnreachable Node/one: The agent of group east does not answer")).to.have.lengthOf(1);
    expect(toldOf("HostUnreachable Node/two: ")).to.have.lengthOf(1);
    await agent.start();
    await until(() => toldOf("HostReachable").length === 2, "both are told that it is back");
    expect(told().join()).not.to.contain("three");
  });
});
