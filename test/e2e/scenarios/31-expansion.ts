import { expect } from "chai";
import { claim } from "../help/claims.ts";
import { onDevice, readData, writeData } from "../help/data.ts";
import { Namespace } from "../help/namespace.ts";
import { devicePath, mountPath, pod } from "../help/pods.ts";

describe("a volume that grows while a pod uses it", () => {
  const namespace = new Namespace("expansion");
  const grow = async (name: string) => {
    const spec = { resources: { requests: { storage: "1Gi" } } };
    await namespace.run(["patch", "pvc", name, "--type=merge", "--patch", JSON.stringify({ spec })]);
    await namespace.wait(`pvc/${name}`, "jsonpath={.status.capacity.storage}=1Gi");
  };

  it("has a larger file system at once: xfs", async () => {
    await namespace.make(claim("xfs", { storageClass: "xfs" }));
    await namespace.makeReady(pod("xfs", { claim: "xfs" }));
    const written = await writeData(namespace, "xfs");
    await grow("xfs");
    const kib = Number(await namespace.shell("xfs", `df -k ${mountPath} | awk 'END { print $2 }'`));
    expect(kib).to.be.greaterThan(800 * 1024);
    expect(await readData(namespace, "xfs")).to.equal(written);
  });

  it("is a larger device at once: block", async () => {
    await namespace.make(claim("block", { volumeMode: "Block" }));
    await namespace.makeReady(pod("block", { claim: "block", block: true }));
    const written = await writeData(namespace, "block", onDevice);
    await grow("block");
    expect(await namespace.shell("block", `blockdev --getsize64 ${devicePath}`)).to.equal(String(1024 ** 3));
    expect(await readData(namespace, "block", onDevice)).to.equal(written);
  });
});
