import { randomUUID } from "node:crypto";
import { mkdir, open, symlink, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import { mountAt, removeMountPoint, stateOf, unmount } from "../../../src/node/linux/mounts.ts";
import { nodeRig } from "../../support/node-rig.ts";
import { refused } from "../../support/refused.ts";

describe("the state of a path", () => {
  const node = nodeRig();
  const vmId = () => node.parts.nodeId;
  const place = () => node.local.path(`place-${randomUUID()}`);

  it("tells apart what is not there, empty, and occupied", async () => {
    const [directory, file, link] = [place(), place(), place()];
    expect(await stateOf(directory, vmId())).to.deep.equal({ kind: "absent" });
    expect(await stateOf(`${directory}/deep/er`, vmId())).to.deep.equal({ kind: "absent" });
    await mkdir(directory);
    await writeFile(file, "");
    await symlink(directory, link);
    expect(await stateOf(directory, vmId())).to.deep.equal({ kind: "empty directory" });
    expect(await stateOf(file, vmId())).to.deep.equal({ kind: "empty file" });
    expect(await stateOf(link, vmId())).to.include({ kind: "occupied" });
    await writeFile(file, "x");
    await writeFile(`${directory}/inside`, "");
    expect(await stateOf(file, vmId())).to.include({ kind: "occupied" });
    expect(await stateOf(directory, vmId())).to.deep.equal({ kind: "occupied", what: "holds inside" });
    await refused(stateOf(`${file}/below`, vmId()), "INTERNAL", "ENOTDIR");
  });

  it("names the volume that is mounted or bound there, for its own VM only", async () => {
    const [mounted, raw] = [await node.volume(), await node.volume()];
    await node.stage(mounted);
    await node.publish(mounted, { readOnly: true });
    await node.publish(raw, { access: "block" });
    const state = {
      kind: "mounted",
      volumeId: mounted.id,
      device: mounted.device,
      deviceIsGone: false,
      access: "mount",
      fsType: "ext4",
    };
    expect(await stateOf(mounted.staging, vmId())).to.deep.equal({ ...state, readOnly: false });
    expect(await stateOf(mounted.target, vmId())).to.deep.equal({ ...state, readOnly: true });
    expect(await stateOf(mounted.staging, randomUUID())).to.include({ kind: "mounted", volumeId: undefined });
    expect(await stateOf(raw.target, vmId())).to.include({
      volumeId: raw.id,
      device: raw.device,
      access: "block",
    });
  });

  it("names no volume for a mount that is none", async () => {
    const directory = place();
    await mkdir(directory);
    await run("mount", ["-t", "tmpfs", "none", directory]);
    expect(await stateOf(directory, vmId())).to.include({ kind: "mounted", volumeId: undefined });
    await unmount(directory);
  });

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
