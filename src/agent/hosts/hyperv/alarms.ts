import { checkpointsText, type Seen } from "./seen.ts";

/**
 * Notices what no single look can tell: a disk that goes on in another file while the VM's checkpoints are the same. Its
 * VM was reverted, and with it the volume's content. Known until the volume is detached or the agent ends.
 */
export class Reverts {
  readonly #vmOf = new Map<string, string>();

  compare(before: Seen | undefined, now: Seen): void {
    for (const [volumeId, vmId] of this.#vmOf) {
      if (!now.drivesOf(volumeId).some(({ vm }) => vm.id === vmId)) this.#vmOf.delete(volumeId);
    }
    if (before === undefined) return;
    for (const { vm, drive, volumeId } of now.drives()) {
      const earlier = before.drivesOf(volumeId).find((each) => each.vm.id === vm.id);
      if (earlier === undefined || earlier.drive.path === drive.path) continue;
      if (vm.checkpoints.length === 0) continue;
      const ids = ({ checkpoints }: typeof vm) =>
        checkpoints
          .map(({ id }) => id)
          .sort()
          .join();
      if (ids(earlier.vm) === ids(vm)) this.#vmOf.set(volumeId, vm.id);
    }
  }

  vmOf(volumeId: string): string | undefined {
    return this.#vmOf.get(volumeId);
  }
}

/** What is wrong with where a volume is attached; undefined when nothing is. */
export function alarmOf(seen: Seen, reverts: Reverts, volumeId: string): string | undefined {
  const drives = seen.drivesOf(volumeId);
  const [drive, second] = drives;
  if (drive === undefined) return undefined;
  if (second !== undefined) {
    return `VMs ${drives.map(({ vm }) => vm.id).join(" and ")} both have it: detach it from all but one`;
  }
  const { vm, file, isInPool } = drive;
  if (drive.drive.basePath === null) {
    return `the chain of ${drive.drive.path} in VM ${vm.id} can't be read: do not start or change the VM before it is repaired`;
  }
  if (!isInPool) {
    return `VM ${vm.id} has its disk at ${file}, outside the pool: storage migration moved it; move it back`;
  }
  if (reverts.vmOf(volumeId) === vm.id) {
    return `VM ${vm.id} was reverted to ${checkpointsText(vm)}, and the volume's content with it`;
  }
  return undefined;
}
