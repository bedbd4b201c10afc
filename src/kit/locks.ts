import { StatusError } from "./errors.ts";

/** Work that holds locks or waits for them, as those who wait for it are told. */
export interface Work {
  readonly what: string;
  /** From 0 to 1; undefined while it can't be told. */
  readonly progress?: number | undefined;
}

/** What work holds while it runs: exclusive keys alone, shared ones beside others that share them. */
export interface LockKeys {
  readonly exclusive: readonly string[];
  readonly shared: readonly string[];
}

interface Waiter {
  readonly work: Work;
  readonly shared: boolean;
  readonly enter: () => void;
}

interface Held {
  readonly shared: boolean;
  readonly holders: Work[];
  readonly queue: Waiter[];
}

/**
 * Locks by key, first come first served. A wait ends at its signal with ABORTED that names what is running and how
 * far it is; a lock is held until its work has really ended, whoever still waits for the answer.
 */
export class KeyedLocks {
  readonly #held = new Map<string, Held>();

  /** Runs `job` under all keys, taken in sorted order so that two callers can't wait for each other. */
  async run<T>(
    keys: readonly string[] | LockKeys,
    what: string | Work,
    signal: AbortSignal,
    job: () => Promise<T>,
  ): Promise<T> {
    const work = typeof what === "string" ? { what } : what;
    const taken: string[] = [];
    try {
      for (const [key, shared] of wanted(keys)) {
        // A lock that is free is taken at once: who asked first is first, however many keys it needs.
        if (!this.#enter(key, shared, work)) await this.#queue(key, shared, work, signal);
        taken.push(key);
      }
      return await job();
    } finally {
      for (const key of taken.reverse()) this.#release(key, work);
    }
  }

  /** Runs `job` under the key, or answers ABORTED at once when something else runs under it. */
  async runNow<T>(key: string, what: string, job: () => Promise<T>): Promise<T> {
    const held = this.#held.get(key);
    if (held !== undefined) throw busy(key, held);
    const work = { what };
    this.#held.set(key, { shared: false, holders: [work], queue: [] });
    try {
      return await job();
    } finally {
      this.#release(key, work);
    }
  }

  /** What a waiter for these keys waits for; undefined when it holds or may take them all. */
  holderBefore(keys: LockKeys, waiter: Work): Work | undefined {
    for (const [key] of wanted(keys)) {
      const held = this.#held.get(key);
      if (held?.queue.some(({ work }) => work === waiter) === true) return held.holders[0];
    }
    return undefined;
  }

  #enter(key: string, shared: boolean, work: Work): boolean {
    const held = this.#held.get(key);
    if (held === undefined) {
      this.#held.set(key, { shared, holders: [work], queue: [] });
      return true;
    }
    // Behind a queue nobody shares any more: an exclusive waiter would starve.
    if (!shared || !held.shared || held.queue.length > 0) return false;
    held.holders.push(work);
    return true;
  }

  #queue(key: string, shared: boolean, work: Work, signal: AbortSignal): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) throw new Error(`nothing holds ${key}`);
    if (signal.aborted) return Promise.reject(busy(key, held));
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        work,
        shared,
        enter: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      const giveUp = () => {
        // The holder may have changed while this waiter queued: name the present one.
        const now = this.#held.get(key) ?? held;
        reject(busy(key, now));
        now.queue.splice(now.queue.indexOf(waiter), 1);
        this.#enterNext(key, now);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      held.queue.push(waiter);
    });
  }

  #release(key: string, work: Work): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    held.holders.splice(held.holders.indexOf(work), 1);
    this.#enterNext(key, held);
  }

  /** Lets in whoever may enter now: the first in the queue, and with a sharing one those behind it that share, too. */
  #enterNext(key: string, held: Held): void {
    const { holders, queue } = held;
    const [first] = queue;
    if (first === undefined) {
      if (holders.length === 0) this.#held.delete(key);
      return;
    }
    if (holders.length > 0 && !(held.shared && first.shared)) return;
    const exclusive = queue.findIndex(({ shared }) => !shared);
    const sharing = exclusive === -1 ? queue.length : exclusive;
    const entering = queue.splice(0, first.shared ? sharing : 1);
    const next = { shared: first.shared, holders: [...holders, ...entering.map(({ work }) => work)], queue };
    this.#held.set(key, next);
    for (const waiter of entering) waiter.enter();
  }
}

/** Each key once, in order; what is wanted both ways is taken alone. */
function wanted(keys: readonly string[] | LockKeys): [key: string, shared: boolean][] {
  const { exclusive, shared } = "exclusive" in keys ? keys : { exclusive: keys, shared: [] };
  const modes = new Map([
    ...shared.map((key) => [key, true] as const),
    ...exclusive.map((key) => [key, false] as const),
  ]);
  return [...modes].sort(([one], [other]) => (one < other ? -1 : 1));
}

function busy(key: string, { holders }: Held): StatusError {
  const [work] = holders;
  return new StatusError(
    "ABORTED",
    `${work === undefined ? "another request" : described(work)} is running on ${key}; the request can be repeated`,
  );
}

/** `clone a b (43 %)`. */
export function described({ what, progress }: Work): string {
  return progress === undefined ? what : `${what} (${Math.floor(progress * 100)} %)`;
}
