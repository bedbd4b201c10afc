import { StatusError } from "./errors.ts";

interface Waiter {
  readonly what: string;
  readonly enter: () => void;
}

interface Held {
  readonly what: string;
  readonly queue: Waiter[];
}

/**
 * Exclusive locks by key, first come first served. A wait ends at its signal with ABORTED that names what is
 * running; a lock is held until its work has really ended, whoever still waits for the answer.
 */
export class KeyedLocks {
  readonly #held = new Map<string, Held>();

  /** Runs `work` under all keys, taken in sorted order so that two callers can't wait for each other. */
  async run<T>(
    keys: readonly string[],
    what: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    const taken: string[] = [];
    try {
      for (const key of [...new Set(keys)].sort()) {
        await this.#acquire(key, what, signal);
        taken.push(key);
      }
      return await work();
    } finally {
      for (const key of taken.reverse()) this.#release(key);
    }
  }

  /** Runs `work` under the key, or answers ABORTED at once when something else runs under it. */
  async runNow<T>(key: string, what: string, work: () => Promise<T>): Promise<T> {
    const held = this.#held.get(key);
    if (held !== undefined) throw busy(key, held.what);
    this.#held.set(key, { what, queue: [] });
    try {
      return await work();
    } finally {
      this.#release(key);
    }
  }

  #acquire(key: string, what: string, signal: AbortSignal): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) {
      this.#held.set(key, { what, queue: [] });
      return Promise.resolve();
    }
    if (signal.aborted) return Promise.reject(busy(key, held.what));
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        what,
        enter: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      const giveUp = () => {
        // The holder may have changed while this waiter queued: name the present one.
        const now = this.#held.get(key);
        now?.queue.splice(now.queue.indexOf(waiter), 1);
        reject(busy(key, now?.what ?? held.what));
      };
      signal.addEventListener("abort", giveUp, { once: true });
      held.queue.push(waiter);
    });
  }

  #release(key: string): void {
    const queue = this.#held.get(key)?.queue ?? [];
    const next = queue.shift();
    if (next === undefined) {
      this.#held.delete(key);
      return;
    }
    this.#held.set(key, { what: next.what, queue });
    next.enter();
  }
}

function busy(key: string, what: string): StatusError {
  return new StatusError("ABORTED", `${what} is running on ${key}; the request can be repeated`);
}
