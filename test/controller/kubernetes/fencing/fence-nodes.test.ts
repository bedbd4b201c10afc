import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { Registry } from "prom-client";
import { fencedVms } from "../../../../src/controller/kubernetes/fencing/fenced-vms.ts";
import { fenceNodes } from "../../../../src/controller/kubernetes/fencing/fence-nodes.ts";
import { StatusError } from "../../../../src/kit/errors.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { testApi } from "../../../support/api-server/test-api.ts";
import { refused } from "../../../support/refused.ts";
import { simulatedGroups } from "../../../support/simulated-groups.ts";
import { until } from "../../../support/until.ts";

const names = { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" };
const NODES = "/api/v1/nodes";
const LABEL = "hyperv.csi.dev/fenced";
const TAINT = { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" };
const OTHER_TAINT = { key: "team", value: "storage", effect: "NoSchedule" };

describe("node fencing", () => {
  const rig = simulatedGroups(["rack-1", "rack-2"]);
  const test = testApi();
  let vmId: string;
  let registry: Registry;
  let stop: AbortController;
  let told: string[];
  let running: Promise<void>;
  /** States of VMs, by group and id; what is not there does not exist. */
  let states: Map<string, "running" | "off" | "other" | "silent">;

  beforeEach(() => {
    vmId = randomUUID();
    states = new Map([[`rack-1/${vmId}`, "off"]]);
    told = [];
    registry = new Registry();
    stop = new AbortController();
    running = Promise.resolve();
    for (const [name, agent] of rig.agents) {
      agent.seen.length = 0;
      agent.answer = (_, path) => {
        const id = path.slice("/vm/".length);
        const state = states.get(`${name}/${id}`);
        if (state === "silent") throw new StatusError("UNAVAILABLE", "host hv-1 does not answer");
        if (state === undefined) throw new StatusError("NOT_FOUND", "no such VM");
        return { Name: "n", Id: id, Path: "", Generation: 2, State: state };
      };
    }
    node({});
    test.server.put("/apis/storage.k8s.io/v1/csinodes", {
      metadata: { name: "node-1", ownerReferences: [{ uid: `uid-of-${NODES}/node-1` }] } as never,
      spec: { drivers: [{ name: names.driverName, nodeID: vmId }] },
    });
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  function node({ ready = "Unknown", group = "rack-1" }: { ready?: string; group?: string }) {
    const before = test.server.store.has(`${NODES}/node-1`) ? present() : undefined;
    test.server.put(NODES, {
      ...before,
      metadata: { name: "node-1", labels: { ...before?.metadata.labels, [names.topologyKey]: group } },
      spec: before?.["spec"] ?? { taints: [OTHER_TAINT] },
      status: { conditions: [{ type: "Ready", status: ready }] },
    });
  }
  const present = () => test.server.store.get(`${NODES}/node-1`);
  const taints = () => (present()["spec"] as { taints: object[] }).taints;
  const mark = () => present().metadata.labels?.[LABEL];
  const patches = () => test.server.seen("PATCH", /./);
  const rounds = () => test.server.seen("GET", /\/nodes$/).length;
  const someRounds = async () => {
    const before = rounds();
    await until(() => rounds() > before + 4, "rounds");
  };

  function start(unbroken = 60): void {
    const task = fenceNodes(
      {
        ...{ api: test.api, groups: rig.groups, names, log: silentLog() },
        onChange: ({ name }, change) => told.push(`${name} ${change}`),
      },
      registry,
      { unbroken, every: 10, longestGap: 60_000 },
    );
    running = task.run(stop.signal);
  }
  const gauge = async () => /^hyperv_csi_controller_fenced_nodes (\d+)$/m.exec(await registry.metrics())?.[1];

  it("puts taint and mark on a node whose VM stays off, and takes both away when it is back", async () => {
    start();
    await until(() => mark() === vmId, "the fence");
    expect(taints()).to.deep.equal([OTHER_TAINT, TAINT]);
    await until(() => told.length === 1, "the change to be told");
    await until(async () => (await gauge()) === "1", "the metric");
    states.set(`rack-1/${vmId}`, "running");
    await someRounds();
    expect(mark(), "the node is not ready yet").to.equal(vmId);
    node({ ready: "True" });
    await until(() => mark() === undefined, "the fence to go");
    expect(taints()).to.deep.equal([OTHER_TAINT]);
    await until(() => told.length === 2, "the change to be told");
    expect(told).to.deep.equal(["node-1 fenced", "node-1 unfenced"]);
    await until(async () => (await gauge()) === "0", "the metric");
    stop.abort();
    await running;
    expect(await gauge(), "only the replica that leads tells").to.equal(undefined);
  });

  for (const [what, change] of [
    ["runs", () => states.set(`rack-1/${vmId}`, "running")],
    ["is saved, or on its way", () => states.set(`rack-1/${vmId}`, "other")],
    ["can't be asked for: a dead host proves nothing", () => states.set(`rack-1/${vmId}`, "silent")],
    ["is known to no host of its group", () => states.delete(`rack-1/${vmId}`)],
  ] as const) {
    it(`leaves a node alone whose VM ${what}`, async () => {
      change();
      // A replica that another group keeps off proves nothing.
      states.set(`rack-2/${vmId}`, "off");
      start(0);
      await someRounds();
      expect(patches()).to.deep.equal([]);
      expect(rig.agent("rack-2").seen.filter((each) => each.includes("/vm/"))).to.deep.equal([]);
    });
  }

  it("leaves a node alone that is ready, of a group that is not configured, or of an id that two have", async () => {
    start(0);
    node({ ready: "True" });
    const before = patches().length;
    await someRounds();
    expect(patches().length).to.equal(before);
    node({ group: "rack-9" });
    await someRounds();
    expect(patches().length).to.equal(before);
    test.server.put("/apis/storage.k8s.io/v1/csinodes", {
      metadata: { name: "node-2" },
      spec: { drivers: [{ name: names.driverName, nodeID: vmId.toUpperCase() }] },
    });
    node({});
    await someRounds();
    expect(patches().length).to.equal(before);
  });

  it("looks again right before: a VM that was started, or a node that came back, is not fenced", async () => {
    let asked = 0;
    const { answer } = rig.agent("rack-1");
    // Two looks make the row; the third is the one right before the taint.
    rig.agent("rack-1").answer = (method, path) => {
      if (++asked % 3 === 0) return { Name: "n", Id: vmId, Path: "", Generation: 2, State: "running" };
      return answer?.(method, path);
    };
    start(0);
    await until(() => asked > 9, "looks");
    expect(patches()).to.deep.equal([]);
  });

  it("does not put a fence on a Node that changed while it was decided", async () => {
    let changes = 0;
    test.server.meddle = ({ method }) => {
      if (method === "PATCH" && changes++ < 2) node({ ready: "True" });
      return false;
    };
    start(0);
    await until(() => changes > 0, "a patch");
    await someRounds();
    expect(mark()).to.equal(undefined);
    expect(taints()).to.deep.equal([OTHER_TAINT]);
  });

  it("leaves a taint that somebody else put, and the mark goes with a taint that was taken away by hand", async () => {
    const spec = { taints: [TAINT] };
    test.server.put(NODES, { ...present(), spec });
    start(0);
    await someRounds();
    expect(patches()).to.deep.equal([]);
    states.set(`rack-1/${vmId}`, "running");
    node({ ready: "True" });
    await someRounds();
    expect(taints()).to.deep.equal([TAINT]);

    test.server.put(NODES, { ...present(), spec: { taints: [] } });
    const marked = { ...present().metadata, labels: { ...present().metadata.labels, [LABEL]: vmId } };
    test.server.put(NODES, { ...present(), metadata: marked });
    await until(() => mark() === undefined, "the mark to go");
  });

  it("tells each replica whose node is fenced, or that it can't be told", async () => {
    const isFenced = fencedVms(test.api, names.driverName);
    const ask = (id: string) => isFenced(id, AbortSignal.timeout(10_000));
    expect(await ask(vmId)).to.equal(false);
    start();
    await until(() => mark() === vmId, "the fence");
    expect(await ask(vmId)).to.equal(true);
    expect(await ask(randomUUID())).to.equal(false);
    stop.abort();
    await test.server.close();
    await refused(ask(vmId), "UNAVAILABLE", "can't be reached");
  });
});
