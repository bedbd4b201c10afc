import { expect } from "chai";
import { claim } from "../help/claims.ts";
import { onDevice, readData, writeData } from "../help/data.ts";
import { Namespace, type NewObject } from "../help/namespace.ts";
import { mountPath, pod } from "../help/pods.ts";

const snapshotOf = (name: string, claimName: string): NewObject => ({
  apiVersion: "snapshot.storage.k8s.io/v1",
  kind: "VolumeSnapshot",
  metadata: { name },
  spec: { source: { persistentVolumeClaimName: claimName } },
});

describe("a volume that is copied", () => {
  const namespace = new Namespace("copies");
  let written: string;

  before(async () => {
    await namespace.make(claim("source", { storageClass: "xfs" }));
    await namespace.makeReady(pod("source", { claim: "source" }));
    written = await writeData(namespace, "source");
  });

  it("is restored from a snapshot to a larger volume, with the file system grown", async () => {
    await namespace.make(snapshotOf("snapshot", "source"));
    await namespace.wait("volumesnapshot/snapshot", "jsonpath={.status.readyToUse}=true");
    await namespace.shell("source", `rm ${mountPath}/file; sync`);
    const dataSource = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "snapshot" };
    await namespace.make(claim("restored", { storageClass: "xfs", size: "512Mi", dataSource }));
    await namespace.makeReady(pod("restored", { claim: "restored" }));
    expect(await readData(namespace, "restored")).to.equal(written);
    const kib = Number(await namespace.shell("restored", `df -k ${mountPath} | awk 'END { print $2 }'`));
    expect(kib).to.be.greaterThan(400 * 1024);
  });

  it("is cloned", async () => {
    const dataSource = { kind: "PersistentVolumeClaim", name: "restored" };
    await namespace.make(claim("clone", { storageClass: "xfs", size: "512Mi", dataSource }));
    await namespace.makeReady(pod("clone", { claim: "clone" }));
    expect(await readData(namespace, "clone")).to.equal(written);
  });

  it("gives raw blocks to a copy as they were", async () => {
    const block = { storageClass: "ext4", volumeMode: "Block" } as const;
    await namespace.make(claim("raw", block));
    await namespace.makeReady(pod("raw", { claim: "raw", block: true }));
    const raw = await writeData(namespace, "raw", onDevice);
    await namespace.make(snapshotOf("raw", "raw"));
    await namespace.wait("volumesnapshot/raw", "jsonpath={.status.readyToUse}=true");
    await writeData(namespace, "raw", onDevice);
    const dataSource = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "raw" };
    await namespace.make(claim("raw-restored", { ...block, dataSource }));
    await namespace.makeReady(pod("raw-restored", { claim: "raw-restored", block: true }));
    expect(await readData(namespace, "raw-restored", onDevice)).to.equal(raw);
  });
});
