import { expect } from "chai";
import type { KubeObject } from "../cluster/kubectl.ts";
import { until } from "../cluster/until.ts";
import { namespace as driverNamespace, release } from "../driver/install.ts";
import { claim } from "../help/claims.ts";
import { readData, writeData } from "../help/data.ts";
import { Namespace } from "../help/namespace.ts";
import { pod } from "../help/pods.ts";
import { theRig } from "../rig.ts";

type Node = KubeObject & { spec: { taints?: { key: string }[] } };

const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

describe("a node whose VM is off", () => {
  const namespace = new Namespace("lost");

  const isFenced = async (node: string) => {
    const { spec } = await theRig().kubectl.get<Node>("node", node);
    return spec.taints?.some(({ key }) => key === OUT_OF_SERVICE) ?? false;
  };

  it("is fenced, so that its volumes move to another node, and takes part again when it is back", async () => {
    const { kubectl, nodes } = theRig();
    const [first, second] = nodes;
    const ready = (state: string) =>
      kubectl.run(["wait", `node/${second!.name}`, `--for=condition=Ready=${state}`, "--timeout=300s"]);
    await namespace.make(claim("lost"));
    await namespace.makeReady(pod("before", { claim: "lost", node: second!.name }));
    const written = await writeData(namespace, "before");
    await second!.turnOff();
    await ready("Unknown");
    await namespace.make(pod("after", { claim: "lost", node: first!.name }));
    await namespace.wait("pod/before", "delete");
    await namespace.wait("pod/after", "condition=Ready");
    expect(await isFenced(second!.name)).to.equal(true);
    expect(await readData(namespace, "after")).to.equal(written);
    await second!.start();
    await ready("True");
    await until("the fence is gone", async () => ((await isFenced(second!.name)) ? undefined : true));
    await namespace.remove("pod/after");
    await namespace.makeReady(pod("again", { claim: "lost", node: second!.name }));
    expect(await readData(namespace, "again")).to.equal(written);
    // Its controller was evicted; the scenarios after this one ask both.
    const controllers = ["rollout", "status", `deployment/${release}-controller`, "--timeout=300s"];
    await kubectl.run(["--namespace", driverNamespace, ...controllers]);
  });
});
