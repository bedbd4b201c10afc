import { randomUUID } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import { unmount } from "../../../src/node/linux/mounts.ts";
import { stateOf } from "../../../src/node/linux/path-state.ts";
import { thisVm } from "../../../src/node/linux/this-vm.ts";
import { nodeRig } from "../../support/node-rig.ts";
import { refused } from "../../support/refused.ts";

const VOLUME = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

describe("the state of a path", () => {
  const node = nodeRig();
  const vm = () => thisVm(node.local.vms[0].id);
  const place = () => node.local.path(`place-${randomUUID()}`);

  it("tells apart what is not there, empty, and occupied", async () => {
    const [directory, file, link] = [place(), place(), place()];
    expect(await stateOf(directory, VOLUME, vm())).to.deep.equal({ kind: "absent" });
    expect(await stateOf(`${directory}/deep/er`, VOLUME, vm())).to.deep.equal({ kind: "absent" });
    await mkdir(directory);
    await writeFile(file, "");
    await symlink(directory, link);
    expect(await stateOf(directory, VOLUME, vm())).to.deep.equal({ kind: "empty directory" });
    expect(await stateOf(file, VOLUME, vm())).to.deep.equal({ kind: "empty file" });
    expect(await stateOf(link, VOLUME, vm())).to.include({ kind: "occupied" });
    await writeFile(file, "x");
    await writeFile(`${directory}/inside`, "");
    expect(await stateOf(file, VOLUME, vm())).to.include({ kind: "occupied" });
    expect(await stateOf(directory, VOLUME, vm())).to.deep.equal({ kind: "occupied", what: "holds inside" });
    await refused(stateOf(`${file}/below`, VOLUME, vm()), "INTERNAL", "ENOTDIR");
  });

  it("says of a mount whether it is the volume, for its own VM only", async () => {
    const [mounted, raw] = [await node.volume(), await node.volume()];
    await node.stage(mounted);
    await node.publish(mounted, { readOnly: true });
    await node.publish(raw, { access: "block" });
    const state = {
      kind: "mounted",
      isVolume: true,
      device: mounted.device,
      deviceIsGone: false,
      access: "mount",
      fsType: "ext4",
      seLinuxLabel: undefined,
    };
    expect(await stateOf(mounted.staging, mounted.id, vm())).to.deep.equal({ ...state, readOnly: false });
    expect(await stateOf(mounted.target, mounted.id, vm())).to.deep.equal({ ...state, readOnly: true });
    expect(await stateOf(mounted.staging, raw.id, vm())).to.include({ kind: "mounted", isVolume: false });
    const another = thisVm(randomUUID());
    expect(await stateOf(mounted.staging, mounted.id, another)).to.include({ isVolume: false });
    expect(await stateOf(raw.target, raw.id, vm())).to.include({
      isVolume: true,
      device: raw.device,
      access: "block",
    });
  });

  it("is no volume for a mount of something else", async () => {
    const directory = place();
    await mkdir(directory);
    await run("mount", ["-t", "tmpfs", "none", directory]);
    expect(await stateOf(directory, VOLUME, vm())).to.include({ kind: "mounted", isVolume: false });
    await unmount(directory);
  });
});
