import { rm } from "node:fs/promises";
import { expect } from "chai";
import { Registry } from "prom-client";
import { createAgentClient } from "../../src/agent-client/agent-client.ts";
import { Groups } from "../../src/controller/groups.ts";
import { fencedVms } from "../../src/controller/kubernetes/fencing/fenced-vms.ts";
import { fenceNodes } from "../../src/controller/kubernetes/fencing/fence-nodes.ts";
import { csiClient } from "../../src/csi/client.ts";
import type { ControllerRpcs } from "../../src/csi/rpc.ts";
import { silentLog } from "../../src/kit/log.ts";
import { pullOut } from "../hyperv-sim/devices.ts";
import { OFF, RUNNING, withVm } from "../hyperv-sim/model.ts";
import { TEST_KEY } from "../support/agent.ts";
import { testApi } from "../support/api-server/test-api.ts";
import { serveGroups } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";
import { hypervRig } from "../support/hyperv-rig.ts";
import { restServers } from "../support/rest-server.ts";
import { makeTemporaryDirectory } from "../support/temporary.ts";
import { until } from "../support/until.ts";
import { Volumes } from "./support/volumes.ts";

const names = { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" };
const NODES = "/api/v1/nodes";

describe("a node that is fenced, from the API server to Hyper-V", () => {
  const closers: (() => Promise<void> | void)[] = [];
  after(async () => {
    for (const close of closers.reverse()) await close();
  });
  const serveRest = restServers();
  const rig = hypervRig();
  const test = testApi();

  async function turn(vmId: string, state: number): Promise<void> {
    const vm = await rig.simulator.vm(vmId);
    if (state === OFF) for (const drive of vm.drives) await pullOut(rig.simulator.directory, vm, drive);
    await rig.simulator.change((all) => withVm(all, vmId, (each) => ({ ...each, state })));
  }

  async function serve(): Promise<{ volumes: Volumes; groups: Groups }> {
    const { url } = await serveRest(rig.engine);
    const agent = createAgentClient({ url, apiKey: TEST_KEY });
    closers.push(() => {
      agent.close();
    });
    const groups = new Groups([{ name: "test", agent }]);
    const directory = await makeTemporaryDirectory();
    closers.push(() => rm(directory, { recursive: true, force: true }));
    const server = await serveGroups(directory, groups, undefined, fencedVms(test.api, names.driverName));
    closers.push(() => server.close());
    const client = csiClient<ControllerRpcs>("Controller", server.socket);
    closers.push(() => {
      client.close();
    });
    return { volumes: new Volumes(client.call), groups };
  }

  it("loses its volumes only while its VM is off, and is let go when it is back", async () => {
    const [one, two] = rig.vmIds;
    const put = (ready: string) => {
      const labels = { [names.topologyKey]: "test" };
      const path = `${NODES}/node-1`;
      const before = test.server.store.has(path) ? test.server.store.get(path) : undefined;
      const metadata = { name: "node-1", labels: { ...labels, ...before?.metadata.labels } };
      const status = { conditions: [{ type: "Ready", status: ready }] };
      test.server.put(NODES, { metadata, spec: before?.["spec"] ?? {}, status });
    };
    const taints = () =>
      (test.server.store.get(`${NODES}/node-1`)["spec"] as { taints?: { key: string }[] }).taints ?? [];
    put("True");
    test.server.put("/apis/storage.k8s.io/v1/csinodes", {
      metadata: { name: "node-1", ownerReferences: [{ uid: `uid-of-${NODES}/node-1` }] } as never,
      spec: { drivers: [{ name: names.driverName, nodeID: one }] },
    });
    const { volumes, groups } = await serve();
    const [handle, plain] = [await volumes.make(), await volumes.make()];
    for (const each of [handle, plain]) await volumes.publish(each, one);
    // Not fenced: a detach as always, from a VM that runs.
    await volumes.unpublish(plain, one);
    const stop = new AbortController();
    const task = fenceNodes(
      { api: test.api, groups, names, log: silentLog(), onChange: () => undefined },
      new Registry(),
      { unbroken: 100, every: 20, longestGap: 60_000 },
    ).run(stop.signal);
    try {
      await turn(one, OFF);
      put("Unknown");
      await until(() => taints().length > 0, "the fence");
      expect(taints()).to.deep.equal([
        { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" },
      ]);
      // Started again between the taint and the detach that Kubernetes asks for then.
      await turn(one, RUNNING);
      await expectFailure(volumes.unpublish(handle, one), "FAILED_PRECONDITION", /not known to be off/);
      await expectFailure(volumes.publish(handle, two), "FAILED_PRECONDITION", new RegExp(one));
      await turn(one, OFF);
      await volumes.unpublish(handle, one);
      await volumes.publish(handle, two);
      expect(await volumes.nodesOf(handle)).to.deep.equal([two]);

      await turn(one, RUNNING);
      put("True");
      await until(() => taints().length === 0, "the fence to go");
    } finally {
      stop.abort();
      await task;
    }
    await volumes.publish(plain, one);
    await volumes.unpublish(plain, one);
    // Who can't ask whether the node is fenced detaches nothing.
    await volumes.publish(plain, one);
    await test.server.close();
    await expectFailure(volumes.unpublish(plain, one), "UNAVAILABLE", /API server can't be reached/);
    expect(await volumes.nodesOf(plain)).to.deep.equal([one]);
    await rig.engine.detach(one, plain.split("/")[1] ?? "", {
      signal: AbortSignal.timeout(60_000),
      requestId: "t",
    });
  });
});
