import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { linuxGuest } from "../../src/node/linux/linux-guest.ts";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { systemRoots, thisVm } from "../../src/node/linux/this-vm.ts";
import { NodeRig, nodeRig, type AttachedVolume } from "../support/node-rig.ts";
import { refused } from "../support/refused.ts";

const label = (level: string) => `system_u:object_r:container_file_t:${level}`;
const flag = (level: string) => `context="${label(level)}"`;

/** What a kernel with SELinux writes into its mount table; whether this one has it or not, the node reads it there. */
describe("NodeStageVolume with an SELinux label", () => {
  const node = nodeRig();
  const proc = () => node.local.path("proc");
  const isMounted = async (path: string) =>
    (await readMountTable()).some(({ mountPoint }) => mountPoint === path);
  before(() => mkdir(join(proc(), "self"), { recursive: true }));

  /** The node on a kernel whose mount table tells of the labels of a volume. */
  function labelled(): NodeRig {
    return new NodeRig(
      node.local,
      linuxGuest(thisVm(node.local.vms[0].id, { ...systemRoots, proc: proc() })),
    );
  }

  /** Writes the mount table as it is now, with this among the options of the file system on a path. */
  async function tell(path: string, option: string): Promise<void> {
    const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
    const told = lines.map((line) =>
      line.includes(` ${path} `)
        ? line.replace(/ (\S+)$/, (_all, options: string) => ` ${options.replace(/^rw|^ro/, `$&,${option}`)}`)
        : line,
    );
    await writeFile(join(proc(), "self", "mountinfo"), told.join("\n"));
  }

  async function staged(option: string, fsType = "ext4"): Promise<AttachedVolume> {
    const volume = await node.volume();
    await node.stage(volume, { fsType });
    await tell(volume.staging, option);
    return volume;
  }

  it("is ALREADY_EXISTS when it is staged with another label, and says with which", async () => {
    const volume = await staged(flag("s0:c1,c2"));
    for (const flags of [[flag("s0:c1,c3")], [flag("s0")], [], ["noatime"]]) {
      await refused(
        labelled().stage(volume, { flags }),
        "ALREADY_EXISTS",
        `SELinux label ${label("s0:c1,c2")}`,
      );
    }
    expect(await isMounted(volume.staging)).to.equal(true);
  });

  it("is ALREADY_EXISTS when it is staged without one", async () => {
    const volume = await staged("seclabel");
    await labelled().stage(volume);
    await refused(
      labelled().stage(volume, { flags: [flag("s0")] }),
      "ALREADY_EXISTS",
      "without an SELinux label",
    );
  });

  it("is done when it is staged with this label, however the kernel writes it", async () => {
    const volume = await staged(flag("s0:c1,c2"));
    for (const level of ["s0:c1,c2", "s0:c2,c1", "s0:c1.c2"]) {
      await labelled().stage(volume, { flags: ["noatime", flag(level)] });
    }
    await tell(volume.staging, `context=${label("s0")}`);
    await labelled().stage(volume, { flags: [flag("s0")] });
    await refused(labelled().stage(volume, { flags: [flag("s0:c1")] }), "ALREADY_EXISTS", label("s0"));
  });

  it("is done however often where the kernel has no SELinux", async () => {
    const volume = await node.volume();
    await node.stage(volume);
    await tell(volume.staging, "errors=continue");
    await labelled().stage(volume, { flags: [flag("s0:c1,c2")] });
  });

  it("is undone when the mount did not get the label, as in a container that does not see SELinux", async () => {
    const volume = await node.volume();
    await writeFile(join(proc(), "self", "mountinfo"), await readFile("/proc/self/mountinfo"));
    const rig = labelled();
    const { guest } = rig.parts;
    const mountDisk = guest.mountDisk.bind(guest);
    // The label is left out, as libmount does by itself here; then the kernel's table tells of it.
    guest.mountDisk = async (...args) => {
      await mountDisk(...args);
      await tell(volume.staging, "seclabel");
    };
    await refused(
      rig.stage(volume, { flags: [flag("s0:c1,c2")] }),
      "FAILED_PRECONDITION",
      /without an SELinux label .*it was unmounted.*\/sys\/fs\/selinux/,
    );
    expect(await isMounted(volume.staging)).to.equal(false);
  });
});
