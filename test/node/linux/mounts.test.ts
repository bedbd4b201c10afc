import { randomUUID } from "node:crypto";
import { mkdir, open, symlink, truncate, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { mountAt, mountDisk, unmount } from "../../../src/node/linux/mounts.ts";
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

describe("the mount of a disk", () => {
  const node = nodeRig();
  const place = () => node.local.path(`place-${randomUUID()}`);
  const diskAt = (device: string) => ({
    volumeId: randomUUID(),
    device,
    size: 128n * MiB,
    readOnly: false,
    release: () => Promise.resolve(),
  });

  for (const fsType of ["ext4", "btrfs"] as const) {
    it(`of ${fsType} is known as that of its device, by whichever name the kernel tells it`, async () => {
      const { device } = await node.volume(128n * MiB);
      await run(`mkfs.${fsType}`, ["-q", device]);
      const [link, path] = [place(), place()];
      await symlink(device, link);
      await mountDisk(diskAt(link), fsType, path, []);
      expect((await mountAt(path))?.source, "as the kernel has it").to.equal(device);
      await unmount(path);
    });
  }

  it("is taken away when it turns out to be another's", async () => {
    const [file, path] = [place(), place()];
    await writeFile(file, "");
    await truncate(file, Number(16n * MiB));
    await run("mkfs.ext4", ["-q", file]);
    // A file is mounted through a loop device that is found on the way.
    await refused(mountDisk(diskAt(file), "ext4", path, []), "INTERNAL", "is not on");
    expect(await mountAt(path)).to.equal(undefined);
  });
});
