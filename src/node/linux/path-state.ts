import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isNotFound } from "../../kit/errors.ts";
import type { Mount } from "../../kit/mount-table.ts";
import type { PathState } from "../guest.ts";
import { labelIn } from "../selinux-label.ts";
import { deviceOf, diskUnder, isGone } from "./block-devices.ts";
import { mountAt } from "./mounts.ts";
import { mountInfo, type ThisVm } from "./this-vm.ts";
import { isDiskOf } from "./volume-of.ts";

/** What a staging or target path is now, and whether a disk that is mounted there is a volume of this VM. */
export async function stateOf(path: string, volumeId: string, vm: ThisVm): Promise<PathState> {
  const mount = await mountAt(path, mountInfo(vm.roots));
  if (mount !== undefined) return await mountedState(mount, volumeId, vm);
  try {
    const entry = await lstat(path);
    if (entry.isDirectory()) {
      const [first] = await readdir(path);
      return first === undefined ? { kind: "empty directory" } : { kind: "occupied", what: `holds ${first}` };
    }
    if (entry.isFile() && entry.size === 0) return { kind: "empty file" };
    return { kind: "occupied", what: "is neither a directory nor an empty file" };
  } catch (error) {
    if (isNotFound(error)) return { kind: "absent" };
    throw error;
  }
}

async function mountedState(mount: Mount, volumeId: string, vm: ThisVm): Promise<PathState> {
  const device = await deviceOf(mount, vm.roots);
  const disk = device === undefined ? undefined : diskUnder(device.name, vm.roots);
  return {
    kind: "mounted",
    isVolume: disk !== undefined && (await isDiskOf(volumeId, disk, vm)),
    device: device === undefined ? mount.source : join(vm.roots.dev, device.name),
    // A mount of no device, such as a tmpfs, has none to lose.
    deviceIsGone: disk !== undefined && isGone(disk, vm.roots),
    fsType: mount.fsType,
    readOnly: mount.options.includes("ro") || mount.superOptions.includes("ro"),
    seLinuxLabel: labelIn(mount.superOptions) ?? (mount.superOptions.includes("seclabel") ? "" : undefined),
    access: device?.access ?? "mount",
  };
}
