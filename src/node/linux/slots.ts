import { existsSync } from "node:fs";
import { join } from "node:path";
import { LOCAL_SLOTS_PER_VM, LUNS_PER_CONTROLLER } from "../../agent-client/disk-address.ts";
import { StatusError } from "../../kit/errors.ts";
import { readMountTable, type Mount } from "../../kit/mount-table.ts";
import { attribute, deviceOf, diskUnder, entries, mountedDevice } from "./block-devices.ts";
import { strangerOn } from "./claims.ts";
import { hostsOf, NO_CONTROLLER, scsiControllers } from "./scsi-controllers.ts";
import { DISK_TYPE } from "./scsi-disks.ts";
import { mountInfo, mountInfoOfVm, sysBlock, type Roots } from "./this-vm.ts";

/** Where kubelet has CSI drivers stage volumes, below its directory, and where it has them publish raw block volumes. */
const VOLUMES = "plugins/kubernetes.io/csi/";
const RAW_VOLUMES = `${VOLUMES}volumeDevices/`;

/** Disks by their names. */
interface DisksInUse {
  /** Mounted anywhere but below kubelet's directory, or swapped to. */
  readonly byOthers: ReadonlySet<string>;
  /** Shown to a pod as they are. */
  readonly asRawVolume: ReadonlySet<string>;
}

/**
 * How many volumes the VM has room for: the units of its SCSI controllers, less those that others have. A volume of the
 * driver counts as room, whether it is attached or not. Where there is no VMBus, the slots of the local host.
 * @throws StatusError FAILED_PRECONDITION for a VM on Hyper-V without a SCSI controller
 */
export async function volumeSlots(kubeletDirectory: string, roots: Roots): Promise<number> {
  const controllers = scsiControllers(roots);
  if (controllers === undefined) return LOCAL_SLOTS_PER_VM;
  if (controllers.length === 0) throw new StatusError("FAILED_PRECONDITION", NO_CONTROLLER);
  const hosts = controllers.flatMap(hostsOf);
  const uses = await disksInUse(kubeletDirectory, roots);
  const foreign = unitsOn(hosts, roots).filter((unit) => isForeign(unit, uses, roots));
  return controllers.length * LUNS_PER_CONTROLLER - foreign.length;
}

/** The units, `1:0:0:5`, that are taken on SCSI hosts. */
function unitsOn(hosts: readonly string[], { sys }: Roots): string[] {
  const numbers = new Set(hosts.map((host) => host.slice("host".length)));
  return entries(join(sys, "bus", "scsi", "devices")).filter((unit) => {
    const [number = "", , , lun] = unit.split(":");
    return lun !== undefined && numbers.has(number);
  });
}

/**
 * True for what can't be a volume: a drive that is no disk, a disk with partitions, claimed or used by others. A raw
 * block volume may have partitions, too.
 */
function isForeign(unit: string, { byOthers, asRawVolume }: DisksInUse, roots: Roots): boolean {
  const device = join(roots.sys, "bus", "scsi", "devices", unit);
  if (attribute(join(device, "type")) !== DISK_TYPE) return true;
  return entries(join(device, "block")).some(
    (name) =>
      byOthers.has(name) ||
      (hasPartitions(name, roots) && !asRawVolume.has(name)) ||
      strangerOn(name, roots) !== undefined,
  );
}

function hasPartitions(name: string, roots: Roots): boolean {
  const block = join(sysBlock(roots), name);
  return entries(block).some((entry) => existsSync(join(block, entry, "partition")));
}

async function disksInUse(kubeletDirectory: string, roots: Roots): Promise<DisksInUse> {
  const [byOthers, asRawVolume] = [new Set<string>(), new Set<string>()];
  const own = await readMountTable(mountInfo(roots));
  const isKubelets = ({ mountPoint }: Mount) => mountPoint.startsWith(`${kubeletDirectory}/`);
  for (const mount of own) {
    const showsDisk = mount.mountPoint.startsWith(join(kubeletDirectory, RAW_VOLUMES));
    if (isKubelets(mount) ? !showsDisk : !mount.source.startsWith("/")) continue;
    const device = await deviceOf(mount, roots);
    const disk = device === undefined ? undefined : diskUnder(device.name, roots);
    if (disk === undefined) continue;
    if (!isKubelets(mount)) byOthers.add(disk);
    else if (device?.access === "block") asRawVolume.add(disk);
  }
  const isVolumes = ({ mountPoint }: Mount) => mountPoint.startsWith(join(kubeletDirectory, VOLUMES));
  const staged = new Set(own.filter(isVolumes).map((mount) => mountedDisk(mount, roots)));
  for (const mount of await readMountTable(mountInfoOfVm(roots)).catch(() => [])) {
    if (isKubelets(mount) || !mount.source.startsWith("/")) continue;
    const disk = mountedDisk(mount, roots);
    // The VM may have other names for kubelet's directory than a container, where a staged volume would be another's.
    if (disk !== undefined && !staged.has(disk)) byOthers.add(disk);
  }
  const swaps = attribute(join(roots.proc, "swaps")) ?? "";
  for (const [, name] of swaps.matchAll(/^\/dev\/(\S+)/gm)) if (name !== undefined) byOthers.add(name);
  return { byOthers, asRawVolume };
}

function mountedDisk(mount: Mount, roots: Roots): string | undefined {
  const device = mountedDevice(mount, roots);
  return device === undefined ? undefined : diskUnder(device, roots);
}
