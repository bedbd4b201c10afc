import { expect } from "chai";
import { claim } from "../help/claims.ts";
import { onDevice, readData, writeData } from "../help/data.ts";
import { Namespace } from "../help/namespace.ts";
import { mountPath, pod } from "../help/pods.ts";
import { theRig } from "../rig.ts";

describe("a pod that moves to the other node", () => {
  const namespace = new Namespace("move");

  for (const [kind, storageClass, file] of [
    ["ext4", "ext4", `${mountPath}/file`],
    ["xfs", "xfs", `${mountPath}/file`],
    ["block", "ext4", onDevice],
  ] as const) {
    it(`finds its data there: ${kind}`, async () => {
      const [first, second] = theRig().nodes;
      const block = kind === "block";
      await namespace.make(claim(kind, { storageClass, volumeMode: block ? "Block" : "Filesystem" }));
      await namespace.makeReady(pod(`${kind}-1`, { claim: kind, block, node: first!.name }));
      const written = await writeData(namespace, `${kind}-1`, file);
      if (!block) {
        const type = await namespace.shell(
          `${kind}-1`,
          `awk '$2 == "${mountPath}" { print $3 }' /proc/mounts`,
        );
        expect(type).to.equal(kind);
      }
      await namespace.remove(`pod/${kind}-1`);
      await namespace.makeReady(pod(`${kind}-2`, { claim: kind, block, node: second!.name }));
      expect(await readData(namespace, `${kind}-2`, file)).to.equal(written);
    });
  }
});
