import { expect } from "chai";
import { testCall } from "../../support/agent.ts";
import type { KubeObject } from "../cluster/kubectl.ts";
import { until } from "../cluster/until.ts";
import { claim, claimSpec } from "../help/claims.ts";
import { Namespace } from "../help/namespace.ts";
import { pod, podSpec } from "../help/pods.ts";
import { theRig } from "../rig.ts";

interface Volume extends KubeObject {
  readonly spec: { readonly csi: { readonly volumeHandle: string } };
}

interface Attachment extends KubeObject {
  readonly spec: { readonly source: { readonly persistentVolumeName?: string } };
}

interface Claim extends KubeObject {
  readonly status: {
    readonly currentVolumeAttributesClassName?: string;
    readonly modifyVolumeStatus?: { readonly status: string };
  };
}

describe("classes and limits", () => {
  const namespace = new Namespace("classes");

  /** The volume of a claim, as the agent tells it. */
  const volumeOf = async (name: string) => {
    const { spec } = await namespace.get<KubeObject & { spec: { volumeName: string } }>("pvc", name);
    const volume = await theRig().kubectl.get<Volume>("pv", spec.volumeName);
    const id = volume.spec.csi.volumeHandle.split("/")[1] ?? "";
    return { pv: spec.volumeName, id };
  };

  it("a VolumeAttributesClass changes a volume in use; one that the host can't do is refused and says so", async () => {
    for (const [name, parameters] of [
      ["gold", { labels: "tier=gold" }],
      ["impossible", { maximumIops: "5000" }],
    ] as const) {
      await namespace.make({
        apiVersion: "storage.k8s.io/v1",
        kind: "VolumeAttributesClass",
        metadata: { name },
        driverName: "hyperv.csi.dev",
        parameters,
      });
    }
    const use = async (attributesClass: string) => {
      const spec = { volumeAttributesClassName: attributesClass };
      await namespace.run(["patch", "pvc", "changed", "--type=merge", "--patch", JSON.stringify({ spec })]);
    };
    await namespace.make(claim("changed"));
    await namespace.makeReady(pod("changed", { claim: "changed" }));
    await use("gold");
    await namespace.wait("pvc/changed", "jsonpath={.status.currentVolumeAttributesClassName}=gold");
    const { id } = await volumeOf("changed");
    expect((await theRig().agent.client.getVolume(id, testCall())).labels).to.include({
      tier: "gold",
    });
    await use("impossible");
    await namespace.wait("pvc/changed", "jsonpath={.status.modifyVolumeStatus.status}=Infeasible");
    const { status } = await namespace.get<Claim>("pvc", "changed");
    expect(status.currentVolumeAttributesClassName).to.equal("gold");
    const told = await until("an event says why", async () => {
      const events = await namespace.list<KubeObject & { message: string }>("events");
      return events.find(({ message }) => message.includes("maximumIops"));
    });
    expect(told.message).to.contain("maximumIops");
    await use("gold");
    await namespace.run(["delete", "volumeattributesclass", "impossible"]);
  });

  it("a claim that is deleted takes its volume with it, or leaves it, as its class says", async () => {
    const { kubectl, agent } = theRig();
    await namespace.make(claim("kept", { storageClass: "retain" }), claim("gone"));
    await namespace.makeReady(pod("kept", { claim: "kept" }), pod("gone", { claim: "gone" }));
    const [kept, gone] = [await volumeOf("kept"), await volumeOf("gone")];
    for (const name of ["kept", "gone"]) {
      await namespace.remove(`pod/${name}`);
      await namespace.remove(`pvc/${name}`);
    }
    await kubectl.run(["wait", `pv/${gone.pv}`, "--for=delete", "--timeout=300s"]);
    await kubectl.run(["wait", `pv/${kept.pv}`, "--for=jsonpath={.status.phase}=Released", "--timeout=300s"]);
    const { volumes } = await agent.client.listVolumes(0, "", testCall());
    const ids = volumes.map(({ DiskIdentifier }) => DiskIdentifier);
    expect(ids).to.include(kept.id).and.not.include(gone.id);
    await until("it is attached no more", async () => {
      const all = await kubectl.list<Attachment>("volumeattachments");
      return all.some(({ spec }) => spec.source.persistentVolumeName === kept.pv) ? undefined : true;
    });
    await kubectl.run(["delete", `pv/${kept.pv}`, "--wait", "--timeout=300s"]);
    await agent.client.deleteVolume(kept.id, testCall());
  });

  it("a pod with more volumes than a node can have stays pending, and the scheduler says why", async () => {
    const { kubectl, nodes } = theRig();
    const { spec } = await kubectl.get<
      KubeObject & { spec: { drivers: { name: string; allocatable: { count: number } }[] } }
    >("csinode", nodes[0]!.name);
    const count = spec.drivers.find(({ name }) => name === "hyperv.csi.dev")!.allocatable.count;
    const source = { ephemeral: { volumeClaimTemplate: { spec: claimSpec({}) } } };
    const volumes = Array.from({ length: count + 1 }, (_, index) => ({ name: `v${index}`, ...source }));
    const many = pod("many", { source: { emptyDir: {} } });
    await namespace.make({
      ...many,
      spec: {
        ...podSpec({ source: { emptyDir: {} } }),
        volumes: [...volumes, { name: "data", emptyDir: {} }],
      },
    });
    const message = await until("the scheduler has said why", async () => {
      const path = '{.status.conditions[?(@.type=="PodScheduled")].message}';
      const said = await namespace.run(["get", "pod", "many", `--output=jsonpath=${path}`]);
      return said.includes("max volume count") ? said : undefined;
    });
    expect(message).to.contain("exceed max volume count");
  });
});
