import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { testCall } from "../../support/agent.ts";
import { namespace, release } from "../driver/install.ts";
import { theRig } from "../rig.ts";

const GIB = 2n ** 30n;

/** What the reference says to run, in the controller's pod. */
async function doctor() {
  const place = ["--namespace", namespace, "exec", `deploy/${release}-controller`, "--container=hyperv-csi"];
  const command = ["hyperv-csi", "doctor", "--kube", "--grace=1s", "--output=json"];
  const { exitCode, stdout, stderr } = await theRig().kubectl.try([...place, "--", ...command]);
  // kubectl, too, ends with 1 when it fails itself.
  if (exitCode === 1) throw new Error(stderr);
  const findings = JSON.parse(stdout) as { kind: string; group: string; name: string; handle: string }[];
  return {
    exitCode,
    found: findings.map(({ kind, group, name, handle }) => ({ kind, group, name, handle })),
  };
}

describe("volumes and objects that have lost each other", () => {
  it("are told by doctor --kube in the controller's pod, and stay as they are", async () => {
    const { agent, kubectl } = theRig();
    expect(await doctor()).to.deep.equal({ exitCode: 0, found: [] });
    const { id } = await agent.client.createVolume("alone", { size: GIB }, testCall());
    const missing = `e2e/${randomUUID()}`;
    const spec = {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      csi: { driver: "hyperv.csi.dev", volumeHandle: missing },
    };
    const object = { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "astray" }, spec };
    await kubectl.run(["create", "--filename=-"], JSON.stringify(object));
    const { exitCode, found } = await doctor();
    expect(exitCode).to.equal(3);
    expect(found).to.have.deep.members([
      { kind: "volume-without-pv", group: "e2e", name: "alone", handle: `e2e/${id}` },
      { kind: "pv-without-volume", group: "e2e", name: "astray", handle: missing },
    ]);
    await kubectl.run(["delete", "pv/astray", "--wait", "--timeout=300s"]);
    await agent.client.deleteVolume(id, testCall());
    expect(await doctor()).to.deep.equal({ exitCode: 0, found: [] });
  });
});
