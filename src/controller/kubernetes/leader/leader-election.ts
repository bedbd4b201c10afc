import { within } from "../../../kit/budget.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { pause } from "../../../kit/pause.ts";
import type { ApiClient } from "../api/api-client.ts";
import { Lease, type LeaseName } from "./lease.ts";

/** All in milliseconds. */
export interface LeaseTimes {
  /** How long the others wait for a holder that is silent. */
  readonly lease: number;
  /** A holder that could not renew for so long stops. Less than the lease, so that it has stopped when another begins. */
  readonly renew: number;
  /** From one try to the next. */
  readonly retry: number;
}

/** Those of client-go. */
export const defaultLeaseTimes: LeaseTimes = { lease: 15_000, renew: 10_000, retry: 2000 };

/** How long giving the lease back may hold up the end of the process, in milliseconds. */
const LONGEST_RELEASE = 2000;

/** What competes for one Lease. */
export interface Election {
  readonly name: LeaseName;
  readonly times: LeaseTimes;
  /** Is told whether this process leads. */
  readonly onChange: (leads: boolean) => void;
}

/**
 * Does `lead` whenever this process holds the lease, until `stop` is aborted. `lead` gets a signal that is aborted at
 * once when the lease may be lost, and must end then: only after that the lease is competed for again, or given back.
 */
export async function electLeader(
  api: ApiClient,
  { name, times, onChange }: Election,
  lead: (signal: AbortSignal) => Promise<void>,
  log: Log,
  stop: AbortSignal,
): Promise<void> {
  const lease = new Lease(api, name, times.lease);
  let told: string | undefined;
  do {
    const asked = performance.now();
    if (await take(lease, times, log, stop)) {
      log.info({ lease: name.name, holder: name.holder }, "this replica leads");
      onChange(true);
      const term = new Term(asked + times.renew, stop);
      const renewing = renew(lease, term, times, log);
      try {
        await lead(term.signal);
      } finally {
        term.end();
        await renewing;
        onChange(false);
      }
      log.info({ lease: name.name }, "this replica does not lead any more");
    } else if (lease.holder !== told && lease.holder !== name.holder) {
      told = lease.holder;
      log.info({ lease: name.name, holder: told }, "another replica leads");
    }
    // Apart from the others, so that not all try at once.
  } while (await pause(times.retry * (1 + 0.2 * Math.random()), stop));
  await lease.release(AbortSignal.timeout(LONGEST_RELEASE)).catch(() => undefined);
}

/** The time for which this process leads: it ends by itself unless it is prolonged. */
class Term {
  readonly #controller = new AbortController();
  readonly #stop: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(until: number, stop: AbortSignal) {
    this.#stop = stop;
    stop.addEventListener("abort", this.end, { once: true });
    if (stop.aborted) this.end();
    this.prolong(until);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @param until on the clock of performance.now() */
  prolong(until: number): void {
    clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    this.#timer = setTimeout(this.end, Math.max(0, until - performance.now()));
  }

  readonly end = () => {
    clearTimeout(this.#timer);
    this.#stop.removeEventListener("abort", this.end);
    this.#controller.abort(new StatusError("CANCELLED", "this replica does not lead any more"));
  };
}

/** Renews until the term ends; ends it when another has the lease. */
async function renew(lease: Lease, term: Term, times: LeaseTimes, log: Log): Promise<void> {
  const { signal } = term;
  while (await pause(times.retry, signal)) {
    // The time counts from before the request: the others count from when it arrives.
    const asked = performance.now();
    try {
      const state = await oneTry(signal, times, (own) => lease.renew(own));
      if (state === "renewed") term.prolong(asked + times.renew);
      if (state === "lost") term.end();
    } catch (error) {
      if (term.signal.aborted) return;
      log.warn({ reason: StatusError.from(error).message }, "the lease can't be renewed: trying again");
    }
  }
}

async function take(lease: Lease, times: LeaseTimes, log: Log, stop: AbortSignal): Promise<boolean> {
  try {
    return await oneTry(stop, times, (own) => lease.take(own));
  } catch (error) {
    if (!stop.aborted)
      log.warn({ reason: StatusError.from(error).message }, "the lease can't be taken: trying again");
    return false;
  }
}

/** A request that hangs leaves time for another. */
function oneTry<T>(
  signal: AbortSignal,
  times: LeaseTimes,
  request: (own: AbortSignal) => Promise<T>,
): Promise<T> {
  return within(times.renew / 2, signal, request);
}
