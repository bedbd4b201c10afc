import { expect } from "chai";
import { startupTaintTask } from "../../../../src/controller/kubernetes/taint/startup-taint.ts";
import { readMetadata } from "../../../../src/controller/kubernetes/objects/metadata.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { testApi } from "../../../support/api-server/test-api.ts";
import { until } from "../../../support/until.ts";

const NODES = "/api/v1/nodes";
const CSI_NODES = "/apis/storage.k8s.io/v1/csinodes";
const DRIVER = "hyperv.csi.dev";
const taint = (effect: string) => ({ key: `${DRIVER}/agent-not-ready`, effect });
const other = { key: "team", value: "storage", effect: "NoSchedule" };

describe("the start-up taint", () => {
  const test = testApi();
  const stop: AbortController[] = [];
  const removed: string[] = [];

  function start(): void {
    const own = new AbortController();
    stop.push(own);
    const task = startupTaintTask(
      test.api,
      DRIVER,
      (node) => void removed.push(readMetadata(node).name),
      silentLog(),
    );
    void task.run(own.signal);
  }

  const putNode = (name: string, taints: object[], uid = `uid-${name}`) =>
    test.server.put(NODES, { kind: "Node", metadata: { name, uid }, spec: { taints } });
  const putCsiNode = (name: string, drivers: string[], owner = `uid-${name}`) =>
    test.server.put(CSI_NODES, {
      kind: "CSINode",
      metadata: { name, ownerReferences: [{ kind: "Node", name, uid: owner }] } as never,
      spec: { drivers: drivers.map((driver) => ({ name: driver, nodeID: "vm", topologyKeys: [] })) },
    });
  const taintsOf = (name: string) =>
    (test.server.store.get(`${NODES}/${name}`)["spec"] as { taints: unknown[] }).taints;

  afterEach(() => {
    for (const each of stop.splice(0)) each.abort();
    removed.length = 0;
  });

  it("goes when kubelet has registered the driver, before or after, whatever its effect, and no other goes", async () => {
    putNode("early", [other, taint("NoSchedule"), taint("NoExecute")]);
    putNode("late", [taint("NoSchedule"), other]);
    putNode("foreign", [taint("NoSchedule")]);
    putCsiNode("early", ["other.csi", DRIVER]);
    putCsiNode("late", []);
    putCsiNode("foreign", ["other.csi"]);
    start();
    await until(() => removed.includes("early"), "the first is free");
    expect(taintsOf("early")).to.deep.equal([other]);
    expect(taintsOf("late")).to.have.lengthOf(2);
    await until(() => test.server.watching === 1, "it watches");
    putCsiNode("late", [DRIVER]);
    await until(() => removed.includes("late"), "the second is free");
    expect(taintsOf("late")).to.deep.equal([other]);
    expect(taintsOf("foreign")).to.have.lengthOf(1);
    expect(removed).to.deep.equal(["early", "late"]);
  });

  it("stays on a Node that was made anew while the CSINode of the one before is still there", async () => {
    putNode("again", [taint("NoSchedule")], "uid-new");
    putCsiNode("again", [DRIVER], "uid-old");
    putNode("marker", [taint("NoSchedule")]);
    putCsiNode("marker", [DRIVER]);
    start();
    await until(() => removed.includes("marker"), "all were looked at");
    expect(taintsOf("again")).to.have.lengthOf(1);
    await until(() => test.server.watching === 1, "it watches");
    putCsiNode("again", [DRIVER], "uid-new");
    await until(() => removed.includes("again"), "it is free");
  });

  it("takes nothing away that another changes at the same time", async () => {
    putNode("busy", [taint("NoSchedule"), other]);
    putCsiNode("busy", [DRIVER]);
    let first = true;
    test.server.meddle = ({ method }) => {
      // Between what we read and what we write somebody puts another taint before ours.
      if (method === "PATCH" && first) putNode("busy", [other, taint("NoSchedule")]);
      if (method === "PATCH") first = false;
      return false;
    };
    start();
    await until(() => removed.includes("busy"), "it is free");
    expect(taintsOf("busy")).to.deep.equal([other]);
    expect(test.server.seen("PATCH", /busy/)).to.have.lengthOf(2);
  });

  it("writes to no Node that does not have it, and does without Nodes that are gone", async () => {
    putNode("clean", [other]);
    putCsiNode("clean", [DRIVER]);
    putCsiNode("gone", [DRIVER]);
    putNode("marker", [taint("NoSchedule")]);
    putCsiNode("marker", [DRIVER]);
    start();
    await until(() => removed.includes("marker"), "all were looked at");
    expect(test.server.seen("PATCH", /./)).to.have.lengthOf(1);
  });
});
