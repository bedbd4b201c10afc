import { isOwn, removeCheckpoint } from "./checkpoints.ts";
import { type HypervParts, vmKey } from "./parts.ts";
import type { Checkpoint, HypervVm } from "./protocol.ts";
import type { Seen } from "./seen.ts";

/** A round doesn't wait for a long merge: the next one looks again, and others may change the VM in between. */
const LONGEST_WAIT_MS = 30_000;

export interface LeftCheckpoint {
  readonly vm: HypervVm;
  readonly checkpoint: Checkpoint;
}

/** Our checkpoints that are there; a copy at work holds its VM's lock. */
export function ownCheckpoints(seen: Seen, group: string): LeftCheckpoint[] {
  return [...seen.vms.values()].flatMap((vm) =>
    vm.checkpoints.filter((checkpoint) => isOwn(checkpoint, group)).map((checkpoint) => ({ vm, checkpoint })),
  );
}

/** Removes checkpoints that an agent left which died while it copied. @returns those that were removed */
export async function reap(parts: HypervParts): Promise<LeftCheckpoint[]> {
  const removed: LeftCheckpoint[] = [];
  for (const left of ownCheckpoints(await parts.survey.look(), parts.group)) {
    const { vm, checkpoint } = left;
    try {
      await parts.locks.runNow(vmKey(vm.id), "remove a checkpoint that was left", async () => {
        await removeCheckpoint(parts, vm.id, checkpoint, Math.min(LONGEST_WAIT_MS, parts.longestMergeMs));
      });
      parts.log.info({ vm: vm.id, checkpoint: checkpoint.name }, "a checkpoint that was left is removed");
      removed.push(left);
    } catch (error) {
      // A copy is at work in that VM, or Hyper-V refused: the next round looks again.
      parts.log.debug({ vm: vm.id, err: error }, "a checkpoint is not removed now");
    }
  }
  return removed;
}
