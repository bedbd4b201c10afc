import { setTimeout as pause } from "node:timers/promises";
import { StatusError } from "../../../kit/errors.ts";
import { failureBehind } from "../../../kit/worker/failure.ts";
import { type Frozen, LONGEST_PAUSE_MS } from "./checkpoints.ts";
import type { HypervParts } from "./parts.ts";
import { driveIn, isInChain, type Seen } from "./seen.ts";

/** Longest that a finished copy waits to be told whether its checkpoint has held. */
const LONGEST_DOUBT_MS = 300_000;

/**
 * Looks whether a checkpoint has held volumes until now: once somebody removes it, the disks' own files change. One that
 * is still there has been there all the time, however late it is seen, so a look that can't tell is repeated.
 * @throws StatusError ABORTED it did not, or its VM stayed away; as {@link Survey.look} when no look could be had
 */
export async function requireStillFrozen(
  { survey, log, longestMergeMs }: Pick<HypervParts, "survey" | "log" | "longestMergeMs">,
  frozen: Frozen,
  volumeIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const longestMs = Math.min(LONGEST_DOUBT_MS, longestMergeMs);
  for (let wait = 100; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    const doubt = await survey.look(true).then((now) => doubtIn(now, frozen, volumeIds), doubtAfter);
    if (doubt === undefined) return;
    if (signal.aborted || performance.now() - began > longestMs) throw doubt;
    log.warn({ vm: frozen.vmId, err: doubt }, "looking again whether the checkpoint of a copy has held");
    // The signal ends the wait; the state is looked at once more then.
    await pause(wait, undefined, { ref: false, signal }).catch(() => undefined);
  }
}

/** @returns why a look does not tell; undefined when all is held. @throws StatusError ABORTED when it is not */
function doubtIn(
  now: Seen,
  { vmId, checkpoint, seen }: Frozen,
  volumeIds: readonly string[],
): StatusError | undefined {
  const vm = now.vms.get(vmId);
  // A VM that nobody has now may be on its way to another host.
  if (vm === undefined) return notProven(vmId, "no host has the VM");
  if (!vm.checkpoints.some(({ id }) => id === checkpoint.id)) {
    throw notProven(vmId, `checkpoint ${checkpoint.name} was removed by somebody else`);
  }
  let unread: string | undefined;
  for (const volumeId of volumeIds) {
    const [before, after] = [driveIn(seen, volumeId, vmId)?.drive, driveIn(now, volumeId, vmId)?.drive];
    if (before !== undefined && after?.basePath === null) {
      unread = volumeId;
      continue;
    }
    // A checkpoint on top of ours gives the disk another file, and the base is frozen all the same.
    const isHeld = after !== undefined && after.basePath === before?.basePath && isInChain({ drive: after });
    if (!isHeld) throw notProven(vmId, `volume ${volumeId} does not go on above the file that was copied`);
  }
  return unread === undefined ? undefined : notProven(vmId, `the chain of volume ${unread} can't be read`);
}

/** What a failed look says, if another one may succeed. */
function doubtAfter(thrown: unknown): StatusError {
  const isOpen = thrown instanceof StatusError && thrown.code === "UNAVAILABLE";
  if (isOpen || failureBehind(thrown)?.isUnknown === true) return StatusError.from(thrown);
  throw thrown;
}

function notProven(vmId: string, why: string): StatusError {
  return new StatusError(
    "ABORTED",
    `${why} after disks of VM ${vmId} were copied: the copy is thrown away, the request can be repeated`,
  );
}
