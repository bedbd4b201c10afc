import type { LongChains } from "./long-chains.ts";
import type { Reverts } from "./reverts.ts";
import { checkpointsText, type Seen } from "./seen.ts";

/** What is wrong with where a volume is attached; undefined when nothing is. */
export function alarmOf(
  seen: Seen,
  reverts: Reverts,
  longChains: LongChains,
  volumeId: string,
): string | undefined {
  const drives = seen.drivesOf(volumeId);
  const [drive, second] = drives;
  if (drive === undefined) return undefined;
  if (second !== undefined) {
    return `VMs ${drives.map(({ vm }) => vm.id).join(" and ")} both have it: detach it from all but one`;
  }
  const { vm, file, pool } = drive;
  if (drive.drive.basePath === null) {
    return `the chain of ${drive.drive.path} in VM ${vm.id} can't be read: do not start or change the VM before it is repaired`;
  }
  if (pool === undefined) {
    return `VM ${vm.id} has its disk at ${file}, outside the pool: storage migration moved it; move it back`;
  }
  if (reverts.vmOf(volumeId) === vm.id) {
    return `VM ${vm.id} was reverted to ${checkpointsText(vm)}, and the volume's content with it: look whether that was meant; detaching the volume ends this alarm`;
  }
  return longChains.alarmOf(drive);
}
