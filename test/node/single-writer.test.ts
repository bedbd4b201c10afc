import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { expect } from "chai";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import { NodeRig, nodeRig, type Use } from "../support/node-rig.ts";
import { nodeSystems, type SystemRig } from "../support/node-systems.ts";
import { refused } from "../support/refused.ts";

const forOne = (access: "mount" | "block") => ({ mode: "SINGLE_NODE_SINGLE_WRITER", access }) as const;

async function staged(node: NodeRig, use: Use) {
  const volume = await node.volume();
  await node.stage(volume, use);
  return { volume, second: `${volume.target}-2` };
}

for (const system of nodeSystems) {
  describe(`NodePublishVolume for a single writer on ${system.name}`, () => {
    const rig = system.rig();
    let node: SystemRig["node"];
    let shownAt: SystemRig["shownAt"];
    before(() => ({ node, shownAt } = rig.get));

    for (const access of system.accessTypes) {
      const [single, many] = [forOne(access), { mode: "SINGLE_NODE_MULTI_WRITER", access } as const];

      it(`${access}: refuses a second path, also one that only reads, and names the first`, async () => {
        const { volume, second } = await staged(node, single);
        for (let i = 0; i < 2; i++) await node.publish(volume, single);
        for (const readOnly of [false, true]) {
          const use = { ...single, readOnly };
          await refused(node.publish(volume, use, second), "FAILED_PRECONDITION", volume.target);
        }
        expect(await shownAt(second)).to.deep.equal([]);
        await node.unpublish(volume);
        await node.publish(volume, single, second);
        await refused(node.publish(volume, single), "FAILED_PRECONDITION", second);
      });

      it(`${access}: refuses a path while one for many writers is there, and not the other way round`, async () => {
        const { volume, second } = await staged(node, single);
        await node.publish(volume, many);
        await node.publish(volume, many, second);
        await refused(node.publish(volume, single, `${second}-3`), "FAILED_PRECONDITION", second);
        await node.unpublish(volume, second);
        await node.publish(volume, single);
        await node.publish(volume, many, second);
      });

      it(`${access}: minds no other volume`, async () => {
        const [one, other] = [await staged(node, single), await staged(node, single)];
        await node.publish(one.volume, single);
        await node.publish(other.volume, single);
      });
    }
  });
}

describe("NodePublishVolume for a single writer, by the mount table", () => {
  const node = nodeRig();

  const single = forOne("mount");

  const isMounted = async (path: string) =>
    (await readMountTable()).some(({ mountPoint }) => mountPoint === path);

  for (const access of ["mount", "block"] as const) {
    const use = forOne(access);

    it(`${access}: refuses a second path and names the first, after a restart, too`, async () => {
      const { volume, second } = await staged(node, use);
      for (let i = 0; i < 2; i++) await node.publish(volume, use);
      for (const each of [node, new NodeRig(node.local)]) {
        await refused(each.publish(volume, use, second), "FAILED_PRECONDITION", volume.target);
        await each.publish(volume, use);
      }
      expect(await isMounted(second)).to.equal(false);
      await node.unpublish(volume);
      await node.publish(volume, use, second);
      await refused(node.publish(volume, use), "FAILED_PRECONDITION", second);
    });
  }

  it("sees a folder of the volume that is bound elsewhere, as for a subPath", async () => {
    const { volume } = await staged(node, single);
    const [folder, sub] = [`${volume.staging}/folder`, node.local.path(`sub-${volume.id}`)];
    for (const path of [folder, sub]) await mkdir(path);
    await run("mount", ["--bind", folder, sub]);
    await refused(node.publish(volume, single), "FAILED_PRECONDITION", sub);
    await run("umount", [sub]);
    await node.publish(volume, single);
  });

  it("sees a device that kubelet bound to a path of its own", async () => {
    const use = forOne("block");
    const { volume, second } = await staged(node, use);
    await node.publish(volume, use);
    const own = node.local.path(`kubelet-${volume.id}`);
    await run("touch", [own]);
    await run("mount", ["--bind", volume.target, own]);
    await node.unpublish(volume);
    await refused(node.publish(volume, use, second), "FAILED_PRECONDITION", own);
    await run("umount", [own]);
    await node.publish(volume, use, second);
  });

  it("takes what propagation shows under a second path for one", async () => {
    const volume = await node.volume();
    const [home, alias] = [node.local.path(`home-${volume.id}`), node.local.path(`alias-${volume.id}`)];
    for (const path of [home, alias]) await mkdir(path);
    await run("mount", ["--bind", home, home]);
    await run("mount", ["--make-private", home]);
    await run("mount", ["--make-shared", home]);
    await run("mount", ["--bind", home, alias]);
    const kubelet = { ...volume, staging: `${alias}/staging`, target: `${alias}/pod/target` };
    try {
      await mkdir(dirname(kubelet.target));
      await node.stage(kubelet, single);
      await node.publish(kubelet, single);
      expect(await isMounted(`${home}/staging`), "the kernel propagates").to.equal(true);
      await refused(
        node.publish(kubelet, single, `${alias}/pod/second`),
        "FAILED_PRECONDITION",
        kubelet.target,
      );
      await node.unpublish(kubelet);
      await node.publish(kubelet, single, `${alias}/pod/second`);
    } finally {
      await node.unpublish(kubelet, `${alias}/pod/second`);
      await node.unpublish(kubelet);
      await node.unstage(kubelet);
      for (const path of [alias, home]) await run("umount", [path]);
    }
  });
});
