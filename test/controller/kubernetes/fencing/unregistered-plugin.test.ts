import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { Registry } from "prom-client";
import { fenceNodes } from "../../../../src/controller/kubernetes/fencing/fence-nodes.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { testApi } from "../../../support/api-server/test-api.ts";
import { simulatedGroups } from "../../../support/simulated-groups.ts";
import { until } from "../../../support/until.ts";

const names = { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" };
const NODES = "/api/v1/nodes";
const CSI_NODES = "/apis/storage.k8s.io/v1/csinodes";
const LABEL = "hyperv.csi.dev/fenced";
const NOTE = "hyperv.csi.dev/last-vm";
const TAINT = { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" };

interface Machine {
  readonly ready: "True" | "Unknown";
  readonly systemUuid?: string;
  readonly uid?: string;
}

/** Kubelet takes the driver out of the CSINode when the plugin's registration socket goes. */
describe("fencing of nodes whose plugin is not registered any more", () => {
  const rig = simulatedGroups(["rack-1"]);
  const test = testApi();
  let vmId: string;
  let states: Map<string, "running" | "off">;
  let registry: Registry;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(() => {
    vmId = randomUUID();
    states = new Map([[vmId, "running"]]);
    running = Promise.resolve();
    rig.agent("rack-1").answer = (_, path) => {
      const id = path.slice("/vm/".length);
      return { Name: "n", Id: id, Path: "", Generation: 2, State: states.get(id) };
    };
    node("node-1", { ready: "True" });
    csiNode("node-1", vmId);
  });
  afterEach(end);

  function start(): void {
    registry = new Registry();
    stop = new AbortController();
    const parts = { api: test.api, groups: rig.groups, names, log: silentLog(), onChange: () => undefined };
    running = fenceNodes(parts, registry, { unbroken: 60, every: 10, longestGap: 60_000 }).run(stop.signal);
  }
  async function end(): Promise<void> {
    stop.abort();
    await running;
  }

  function node(name: string, { ready, systemUuid = "bios-1", uid }: Machine): void {
    const path = `${NODES}/${name}`;
    const before = test.server.store.has(path) ? test.server.store.get(path) : undefined;
    const labels = { ...before?.metadata.labels, [names.topologyKey]: "rack-1" };
    const { annotations } = { annotations: {}, ...before?.metadata };
    test.server.put(NODES, {
      metadata: { name, labels, annotations, ...(uid === undefined ? {} : { uid }) } as never,
      spec: before?.["spec"] ?? { taints: [] },
      status: { conditions: [{ type: "Ready", status: ready }], nodeInfo: { systemUUID: systemUuid } },
    });
  }
  /** @param nodeID undefined where the driver is not registered */
  function csiNode(name: string, nodeID: string | undefined): void {
    test.server.put(CSI_NODES, {
      metadata: { name, ownerReferences: [{ uid: `uid-of-${NODES}/${name}` }] } as never,
      spec: { drivers: nodeID === undefined ? [] : [{ name: names.driverName, nodeID }] },
    });
  }
  const metadataOf = (name: string) =>
    test.server.store.get(`${NODES}/${name}`).metadata as unknown as {
      labels: Record<string, string>;
      annotations: Record<string, string>;
    };
  const mark = (name = "node-1") => metadataOf(name).labels[LABEL];
  const isNoted = (name = "node-1") => metadataOf(name).annotations[NOTE] !== undefined;
  const someRounds = async () => {
    const rounds = () => test.server.seen("GET", /\/nodes$/).length;
    const before = rounds();
    await until(() => rounds() > before + 12, "rounds");
  };
  const gauge = async () => /^hyperv_csi_controller_fenced_nodes (\d+)$/m.exec(await registry.metrics())?.[1];

  /** As a node that is shut down in order. */
  function shutDown(machine: Omit<Machine, "ready"> = {}): void {
    csiNode("node-1", undefined);
    states.set(vmId, "off");
    node("node-1", { ready: "Unknown", ...machine });
  }

  it("fences one that was shut down in order, also by a leader that never saw it", async () => {
    start();
    await until(() => isNoted(), "the note");
    await end();
    shutDown();
    start();
    await until(() => mark() === vmId, "the fence");
  });

  it("notes a VM once, and another when the Node is that", async () => {
    start();
    await until(() => isNoted(), "the note");
    await someRounds();
    const patches = () => test.server.seen("PATCH", /./).length;
    expect(patches()).to.equal(1);
    csiNode("node-1", randomUUID());
    await until(() => metadataOf("node-1").annotations[NOTE]?.startsWith(vmId) === false, "the new note");
    await someRounds();
    expect(patches()).to.equal(2);
  });

  for (const [what, machine] of [
    ["machine", { systemUuid: "bios-2" }],
    ["Node", { uid: "made-anew" }],
  ] as const) {
    it(`does not take the note of another ${what}`, async () => {
      start();
      await until(() => isNoted(), "the note");
      shutDown(machine);
      await someRounds();
      expect(mark()).to.equal(undefined);
    });
  }

  it("fences none of two Nodes that were the same VM, or are it and were it", async () => {
    node("node-2", { ready: "Unknown" });
    csiNode("node-2", vmId);
    start();
    await until(() => isNoted() && isNoted("node-2"), "the notes");
    shutDown();
    await someRounds();
    expect([mark(), mark("node-2")], "one is registered").to.deep.equal([undefined, undefined]);
    csiNode("node-2", undefined);
    await someRounds();
    expect([mark(), mark("node-2")], "none is").to.deep.equal([undefined, undefined]);
    test.server.remove(`${NODES}/node-2`);
    await until(() => mark() === vmId, "the fence of the one that is left");
  });

  it("takes the fence away when VM and Node are back, before the plugin is", async () => {
    start();
    await until(() => isNoted(), "the note");
    shutDown();
    await until(() => mark() === vmId, "the fence");
    await until(async () => (await gauge()) === "1", "the metric");
    states.set(vmId, "running");
    await someRounds();
    expect(mark(), "the node is not ready yet").to.equal(vmId);
    node("node-1", { ready: "True" });
    await until(() => mark() === undefined, "the fence to go");
    await until(async () => (await gauge()) === "0", "the metric");
  });

  it("takes away the mark of an older driver, which noted nothing, with a taint that was taken by hand", async () => {
    csiNode("node-1", undefined);
    states.set(vmId, "off");
    const labels = { [names.topologyKey]: "rack-1", [LABEL]: vmId };
    test.server.put(NODES, { metadata: { name: "node-1", labels }, spec: { taints: [TAINT] } });
    start();
    await until(async () => (await gauge()) === "1", "the metric");
    expect(mark()).to.equal(vmId);
    test.server.put(NODES, { metadata: { name: "node-1", labels }, spec: { taints: [] } });
    await until(() => mark() === undefined, "the mark to go");
  });
});
