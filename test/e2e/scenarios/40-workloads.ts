import { expect } from "chai";
import { claim, claimSpec } from "../help/claims.ts";
import { readData, writeData } from "../help/data.ts";
import { Namespace } from "../help/namespace.ts";
import { mountPath, pod, podSpec } from "../help/pods.ts";
import type { KubeObject } from "../cluster/kubectl.ts";
import { until } from "../cluster/until.ts";

describe("what workloads do with volumes", () => {
  const namespace = new Namespace("workloads");

  it("a StatefulSet of five has five volumes, which its pods find again", async () => {
    const labels = { app: "five" };
    await namespace.make({
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "five" },
      spec: {
        replicas: 5,
        serviceName: "five",
        podManagementPolicy: "Parallel",
        selector: { matchLabels: labels },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
        template: { metadata: { labels }, spec: podSpec({ claim: "data" }) },
        volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claimSpec({}) }],
      },
    });
    const ready = () => namespace.run(["rollout", "status", "statefulset/five", "--timeout=300s"]);
    await ready();
    const write = (number: number) =>
      namespace.shell(`five-${number}`, `echo ${number} > ${mountPath}/number; sync`);
    for (const number of [0, 1, 2, 3, 4]) await write(number);
    await namespace.run(["rollout", "restart", "statefulset/five"]);
    await ready();
    for (const number of [0, 1, 2, 3, 4])
      expect(await namespace.shell(`five-${number}`, `cat ${mountPath}/number`)).to.equal(String(number));
    await namespace.remove("statefulset/five");
  });

  it("ReadWriteOncePod lets one pod have a volume, and the next one after it", async () => {
    await namespace.make(claim("single", { accessMode: "ReadWriteOncePod" }));
    await namespace.makeReady(pod("single-1", { claim: "single" }));
    const written = await writeData(namespace, "single-1");
    await namespace.make(pod("single-2", { claim: "single" }));
    await namespace.wait(
      "pod/single-2",
      'jsonpath={.status.conditions[?(@.type=="PodScheduled")].reason}=Unschedulable',
    );
    await namespace.remove("pod/single-1");
    await namespace.wait("pod/single-2", "condition=Ready");
    expect(await readData(namespace, "single-2")).to.equal(written);
  });

  it("fsGroup gives files to a group that is not root's", async () => {
    await namespace.make(claim("group"));
    const security = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000 };
    await namespace.makeReady(pod("group", { claim: "group", security }));
    await namespace.shell("group", `echo text > ${mountPath}/file`);
    expect(await namespace.shell("group", `stat -c '%u %g' ${mountPath}/file`)).to.equal("1000 2000");
  });

  it("a subPath shows one directory of a volume; a read-only mount can't be written", async () => {
    await namespace.make(claim("shared"));
    await namespace.makeReady(pod("part", { claim: "shared", subPath: "part" }));
    await namespace.shell("part", `echo text > ${mountPath}/file; sync`);
    await namespace.remove("pod/part");
    await namespace.makeReady(pod("reader", { claim: "shared", readOnly: true }));
    expect(await namespace.shell("reader", `cat ${mountPath}/part/file`)).to.equal("text");
    expect(await namespace.shell("reader", `touch ${mountPath}/new 2>&1 || true`)).to.match(/read-only/i);
  });

  it("a generic ephemeral volume lives as long as its pod", async () => {
    const source = { ephemeral: { volumeClaimTemplate: { spec: claimSpec({}) } } };
    await namespace.makeReady(pod("brief", { source }));
    await writeData(namespace, "brief");
    await namespace.wait("pvc/brief-data", "jsonpath={.status.phase}=Bound");
    await namespace.remove("pod/brief");
    await namespace.wait("pvc/brief-data", "delete");
  });
});

describe("the scheduler", () => {
  const namespace = new Namespace("scheduling");

  it("is told what the group has room for, and leaves a pod pending whose volume no group can hold", async () => {
    const capacities = await until("the provisioner has told capacities", async () => {
      const all = await namespace.list<KubeObject & { capacity?: string }>(
        "csistoragecapacities",
        "--all-namespaces",
      );
      return all.length > 0 ? all : undefined;
    });
    for (const { capacity } of capacities) expect(capacity).to.match(/^[1-9]/);
    await namespace.make(claim("huge", { size: "10Ti" }), pod("huge", { claim: "huge" }));
    const reason = '{.status.conditions[?(@.type=="PodScheduled")].message}';
    // It may see the pod before its claim, and says that first.
    await until("the scheduler has said that no node has enough storage", async () => {
      const said = await namespace.run(["get", "pod", "huge", `--output=jsonpath=${reason}`]);
      return said.includes("did not have enough free storage") ? true : undefined;
    });
    expect(
      (await namespace.get<KubeObject & { status: { phase: string } }>("pvc", "huge")).status.phase,
    ).to.equal("Pending");
  });
});
