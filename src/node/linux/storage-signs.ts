import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { missingPrograms } from "../../kit/missing-programs.ts";
import { mountAbove, readMountTable } from "../../kit/mount-table.ts";
import type { StorageSign } from "../guest.ts";
import { attribute } from "./block-devices.ts";
import { hostsOf, NO_CONTROLLER, scsiControllers } from "./scsi-controllers.ts";
import { mountInfo, type Roots } from "./this-vm.ts";

/** Without these no volume is staged. */
const MOUNT_PROGRAMS = ["blkid", "mount", "stat", "umount"];
/** Without these some volumes are not. */
const FILE_SYSTEM_PROGRAMS = [
  ...["mkfs.ext4", "e2fsck", "resize2fs"],
  ...["mkfs.xfs", "xfs_growfs", "xfs_repair"],
  ...["mkfs.btrfs", "btrfs", "cryptsetup"],
];

/** What is wrong with what this VM needs to use volumes at all. It is only looked at; nothing is asked that may hang. */
export async function storageSigns(kubeletDirectory: string, roots: Roots): Promise<StorageSign[]> {
  return [
    ...signsOfDisks(roots),
    ...signsOfPrograms(process.env["PATH"] ?? ""),
    ...(await signsOfMounts(kubeletDirectory, roots)),
  ];
}

/** Disks come through Hyper-V's SCSI controllers, and through loop devices where there is no VMBus. */
function signsOfDisks(roots: Roots): StorageSign[] {
  const controllers = scsiControllers(roots);
  if (controllers === undefined) {
    if (existsSync(join(roots.dev, "loop-control"))) return [];
    return [{ kind: "no-loop-devices", message: "this machine gives no loop devices: load the module loop" }];
  }
  if (controllers.length === 0) return [{ kind: "no-controller", message: NO_CONTROLLER }];
  const idle = controllers.filter((controller) => hostsOf(controller).length === 0);
  if (idle.length === controllers.length) {
    const message = "no SCSI controller of this VM has a SCSI host: load the module hv_storvsc";
    return [{ kind: "no-scsi-host", message }];
  }
  const hosts = controllers.flatMap(hostsOf).flatMap((host) => {
    const state = attribute(join(roots.sys, "class", "scsi_host", host, "state")) ?? "running";
    return state === "running" ? [] : `${host} is in the state ${state}`;
  });
  const without = idle.map((controller) => `the SCSI controller ${basename(controller)} has no SCSI host`);
  return [
    ...without.map((message) => ({ kind: "controller-without-host", message }) as const),
    ...hosts.map((message) => ({ kind: "scsi-host-not-running", message }) as const),
  ];
}

function signsOfPrograms(searchPath: string): StorageSign[] {
  const kinds = [
    ["no-mount-programs", MOUNT_PROGRAMS],
    ["no-file-system-programs", FILE_SYSTEM_PROGRAMS],
  ] as const;
  return kinds.flatMap(([kind, programs]) => {
    const missing = missingPrograms(programs, searchPath);
    return missing.length === 0 ? [] : { kind, message: `missing programs: ${missing.join(", ")}` };
  });
}

/** What is mounted below kubelet's directory must be seen outside of the plugin's container. */
async function signsOfMounts(kubeletDirectory: string, roots: Roots): Promise<StorageSign[]> {
  // Without the directory there is no kubelet.
  if (!existsSync(kubeletDirectory)) return [];
  const above = mountAbove(kubeletDirectory, await readMountTable(mountInfo(roots)));
  if (above === undefined || above.isShared) return [];
  const message =
    `what is mounted in ${kubeletDirectory} is seen by nobody else, because ${above.mountPoint} is no shared mount: ` +
    "in a container, mount it with mountPropagation Bidirectional";
  return [{ kind: "mounts-not-shared", message }];
}
