import { randomUUID } from "node:crypto";
import { mkdir, open, symlink } from "node:fs/promises";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import { mountAt, unmount } from "../../../src/node/linux/mounts.ts";
import { removeMountPoint } from "../../../src/node/remove-mount-point.ts";
import { nodeRig } from "../../support/node-rig.ts";
import { refused } from "../../support/refused.ts";

describe("the mount at a path", () => {
  const node = nodeRig();
  const place = () => node.local.path(`place-${randomUUID()}`);

  it("is found under names that the kernel escapes, and through a symbolic link on the way", async () => {
    const parent = place();
    const target = `${parent}/a b\tc\\d#e\nf ü`;
    await mkdir(target, { recursive: true });
    await run("mount", ["-t", "tmpfs", "none", target]);
    expect((await mountAt(target))?.mountPoint).to.equal(target);
    const link = place();
    await symlink(parent, link);
    expect((await mountAt(target.replace(parent, link)))?.mountPoint).to.equal(target);
    await unmount(target.replace(parent, link));
    expect(await mountAt(target)).to.equal(undefined);
  });

  it("is the topmost of several mounts, and unmounting takes all", async () => {
    const directory = place();
    await mkdir(directory);
    for (const source of ["below", "above"]) await run("mount", ["-t", "tmpfs", source, directory]);
    expect((await mountAt(directory))?.source).to.equal("above");
    await unmount(directory);
    expect(await mountAt(directory)).to.equal(undefined);
  });

  it("keeps a mount that is in use", async () => {
    const directory = place();
    await mkdir(directory);
    await run("mount", ["-t", "tmpfs", "none", directory]);
    const file = await open(`${directory}/file`, "w");
    await refused(unmount(directory), "FAILED_PRECONDITION", "busy");
    await file.close();
    expect(await mountAt(directory)).not.to.equal(undefined);
    await refused(removeMountPoint(directory), "FAILED_PRECONDITION");
    await unmount(directory);
    await removeMountPoint(directory);
    await removeMountPoint(directory);
  });
});
