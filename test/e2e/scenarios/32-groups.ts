import { expect } from "chai";
import type { KubeObject } from "../cluster/kubectl.ts";
import { claim } from "../help/claims.ts";
import { readData, writeData } from "../help/data.ts";
import { Namespace } from "../help/namespace.ts";
import { pod } from "../help/pods.ts";

type Snapshot = KubeObject & { spec: { source: { persistentVolumeClaimName: string } } };

const apiVersion = "groupsnapshot.storage.k8s.io/v1";

describe("volumes that are snapshotted together", () => {
  const namespace = new Namespace("groups");
  const names = ["one", "two"];

  after(() => namespace.run(["delete", "volumegroupsnapshotclass", "together", "--ignore-not-found"]));

  it("are each restored from their own snapshot of the group", async () => {
    const labels = { app: "pair" };
    await namespace.make(
      {
        apiVersion,
        kind: "VolumeGroupSnapshotClass",
        metadata: { name: "together" },
        driver: "hyperv.csi.dev",
        deletionPolicy: "Delete",
      },
      ...names.map((name) => ({
        ...claim(name, { storageClass: "xfs" }),
        metadata: { name, labels },
      })),
    );
    await namespace.makeReady(...names.map((name) => pod(name, { claim: name })));
    const written = new Map<string, string>();
    for (const name of names) written.set(name, await writeData(namespace, name));
    // The agent freezes all file systems of a group at once, and sees none in the mount namespaces of these nodes.
    for (const name of names) await namespace.remove(`pod/${name}`);
    await namespace.make({
      apiVersion,
      kind: "VolumeGroupSnapshot",
      metadata: { name: "pair" },
      spec: {
        source: { selector: { matchLabels: labels } },
        volumeGroupSnapshotClassName: "together",
      },
    });
    await namespace.wait("volumegroupsnapshot/pair", "jsonpath={.status.readyToUse}=true");
    await namespace.makeReady(...names.map((name) => pod(name, { claim: name })));
    for (const name of names) await writeData(namespace, name);
    const snapshots = await namespace.list<Snapshot>("volumesnapshots");
    expect(snapshots).to.have.lengthOf(names.length);
    for (const { metadata, spec } of snapshots) {
      const source = spec.source.persistentVolumeClaimName;
      const restored = `${source}-restored`;
      const dataSource = {
        apiGroup: "snapshot.storage.k8s.io",
        kind: "VolumeSnapshot",
        name: metadata.name,
      };
      await namespace.make(claim(restored, { storageClass: "xfs", size: "512Mi", dataSource }));
      await namespace.makeReady(pod(restored, { claim: restored }));
      expect(await readData(namespace, restored), source).to.equal(written.get(source));
    }
    await namespace.remove("volumegroupsnapshot/pair");
  });
});
