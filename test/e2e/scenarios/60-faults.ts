import { expect } from "chai";
import type { ClusterNode } from "../cluster/node.ts";
import { until } from "../cluster/until.ts";
import { claim } from "../help/claims.ts";
import { readData, writeData } from "../help/data.ts";
import { Namespace } from "../help/namespace.ts";
import { pod } from "../help/pods.ts";
import { theRig } from "../rig.ts";

/** Ends a role of the driver in a node's pods at once, as the kernel does when memory runs out. */
async function killRole(node: ClusterNode, role: "controller" | "node"): Promise<void> {
  const pid = await until(`the ${role} on ${node.name} runs`, async () => {
    const processes = await node.inside(["busybox", "ps", "-o", "pid,args"]);
    const own = processes.split("\n").filter((line) => line.includes(`/usr/local/bin/hyperv-csi ${role} `));
    return own.length === 1 ? own[0]!.trim().split(" ")[0]! : undefined;
  });
  await node.inside(["busybox", "kill", "-9", pid]);
}

describe("what is killed while work goes on comes back, and the work ends well", () => {
  const namespace = new Namespace("faults");
  const numbers = [1, 2, 3, 4];

  /** Makes claims and pods, does harm while they are being made, and waits until all pods are ready; then removes them. */
  async function survives(name: string, harm: () => Promise<void>): Promise<void> {
    const pods = numbers.map((number) => pod(`${name}-${number}`, { claim: `${name}-${number}` }));
    await namespace.make(...numbers.map((number) => claim(`${name}-${number}`)), ...pods);
    await namespace.wait(`pvc/${name}-1`, "jsonpath={.spec.volumeName}");
    await harm();
    for (const { metadata } of pods) await namespace.wait(`pod/${metadata.name}`, "condition=Ready");
    const written = await writeData(namespace, `${name}-1`);
    expect(await readData(namespace, `${name}-1`)).to.equal(written);
    // What was killed takes part in the removal, too.
    const names = numbers.map((number) => `pod/${name}-${number}`);
    await namespace.run(["delete", ...names, "--wait=false"]);
    await harm();
    for (const each of names) await namespace.wait(each, "delete");
    await namespace.run(["delete", "pvc", ...numbers.map((number) => `${name}-${number}`), "--timeout=300s"]);
  }

  it("the agent on the host", () =>
    survives("agent", async () => {
      await theRig().agent.kill();
      await theRig().agent.start();
    }));

  it("the controllers", () =>
    survives("controller", async () => {
      for (const node of theRig().nodes) await killRole(node, "controller");
    }));

  it("the node plugins", () =>
    survives("plugin", async () => {
      for (const node of theRig().nodes) await killRole(node, "node");
    }));

  it("the kubelets", () =>
    survives("kubelet", async () => {
      for (const node of theRig().nodes) {
        await node.killKubelet();
        await node.startKubelet();
      }
    }));

  it("the API server", () =>
    survives("api", async () => {
      const { controlPlane } = theRig();
      await controlPlane.apiServer.kill("SIGKILL");
      await controlPlane.restartApiServer();
    }));
});
