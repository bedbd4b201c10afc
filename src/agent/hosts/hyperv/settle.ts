import { StatusError } from "../../../kit/errors.ts";
import type { Inventory } from "./protocol.ts";
import type { Seen } from "./seen.ts";
import type { Survey } from "./survey.ts";
import { failureBehind } from "../../../kit/worker/failure.ts";
import { hasMoved } from "./worker/failures.ts";
import { WorkerLost } from "../../../kit/worker/process.ts";

/** How often a change is decided anew before its caller is told to come back. */
const MOST_ATTEMPTS = 4;

/** What to do about something, given what was seen: nothing more, or a change. */
export type Step<T> = { readonly done: T } | { readonly change: (fresh: boolean) => Promise<Changed> };

/** What became of a change. */
export interface Changed {
  readonly done: boolean;
  readonly inventory: Inventory;
}

/**
 * Brings something about: decides from what was seen, has a worker change it as long as that holds, and reads back. The
 * first decision may come from an old look, since the worker checks it; whatever ends without a change is decided from
 * a new one. A worker that is lost or fails leaves open what was done: that is looked at before anything else.
 */
export async function settle<T>(
  survey: Survey,
  decide: (seen: Seen) => Step<T>,
  signal: AbortSignal,
): Promise<T> {
  let isNew = survey.last === undefined;
  let seen = survey.last ?? (await survey.look());
  let failure: unknown;
  for (let attempt = 1; attempt <= MOST_ATTEMPTS;) {
    const step = decideUnlessOld(decide, seen, isNew);
    if (step === undefined || ("done" in step && !isNew)) {
      seen = await survey.look();
      isNew = true;
      continue;
    }
    if ("done" in step) return step.done;
    if (failure !== undefined && !mayBeTriedAgain(failure)) throw failure as Error;
    if (signal.aborted) break;
    try {
      const { done, inventory } = await step.change(attempt > 1);
      // What was not done may be for a member of the cluster that is new: a look asks all that there are.
      seen = done ? survey.take(inventory) : await survey.look();
      // A session that does not see what it has just done is not believed.
      if (done && !("done" in decide(seen))) seen = await survey.look(true);
      failure = undefined;
    } catch (error) {
      failure = error;
      seen = await survey.look(true);
    }
    isNew = true;
    attempt++;
  }
  if (failure instanceof StatusError) throw failure;
  const why = failure instanceof Error ? failure.message : "the VM's disks keep changing";
  throw new StatusError("ABORTED", `nothing was changed: ${why}; the request can be repeated`, failure);
}

/** An old look may make anything of it; only a new one is a reason to refuse. */
function decideUnlessOld<T>(
  decide: (seen: Seen) => Step<T>,
  seen: Seen,
  isNew: boolean,
): Step<T> | undefined {
  try {
    return decide(seen);
  } catch (error) {
    if (isNew) throw error;
    return undefined;
  }
}

/** After the state was read: the worker was lost, the VM has moved, or nobody knows what went wrong. */
function mayBeTriedAgain(thrown: unknown): boolean {
  if (thrown instanceof WorkerLost) return true;
  const failure = failureBehind(thrown);
  return failure !== undefined && (hasMoved(failure) || failure.isUnknown);
}
