import { StatusError } from "../kit/errors.ts";

/** An agent that does not answer. */
export interface Outage {
  readonly since: Date;
  readonly reason: string;
}

/** All in milliseconds. */
export interface BreakerTimes {
  /** While requests wait and nothing comes back for so long, the agent is looked at. */
  readonly silence: number;
  /** How long the answer to a look may take. */
  readonly answer: number;
  /** From a look at an agent that is down to the next; it doubles up to the longest. */
  readonly pause: number;
  readonly longestPause: number;
}

export const defaultBreakerTimes: BreakerTimes = {
  silence: 3000,
  answer: 2000,
  pause: 250,
  longestPause: 15_000,
};

/** What a breaker knows of its agent. */
export interface BreakerTarget {
  /** As errors name it. */
  readonly name: string;
  /** Asks something that a living agent answers at once. */
  readonly look: (signal: AbortSignal) => Promise<unknown>;
  /** Why a request failed, if nobody answered it; undefined for an answer, whatever it says. */
  readonly silenceOf: (error: unknown) => string | undefined;
  /** The agent is gone, or with undefined back. */
  readonly onChange: (outage: Outage | undefined) => void;
}

/**
 * Keeps requests from an agent that is down. Circuit breakers of libraries let a caller's request find out whether the
 * other side is back: that one would hang, or be a copy of hours that holds up all others. This one looks by itself, so
 * that no caller ever waits for an agent that is known to be down, and it tells a long operation from a dead host.
 */
export class Breaker {
  readonly #target: BreakerTarget;
  readonly #times: BreakerTimes;
  readonly #waiting = new Set<AbortController>();
  #outage: Outage | undefined;
  #heard = performance.now();
  #answers = 0;
  #looking = false;
  #closed = false;
  #pause: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(target: BreakerTarget, times: BreakerTimes) {
    this.#target = target;
    this.#times = times;
    this.#pause = times.pause;
    void this.#look();
  }

  outage(): Outage | undefined {
    return this.#outage;
  }

  /** @throws StatusError UNAVAILABLE at once while the agent is down, and when it turns out to be while it is waited for */
  async run<T>(request: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#outage !== undefined) throw this.#refusal();
    const own = new AbortController();
    const end = () => {
      own.abort(signal.reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    this.#waiting.add(own);
    this.#lookIn(this.#times.silence);
    try {
      const answer = await request(own.signal);
      this.#hear();
      return answer;
    } catch (error) {
      // Ended here and not by the caller: the agent is down.
      if (own.signal.aborted && !signal.aborted) throw own.signal.reason;
      this.#fail(error, signal);
      throw error;
    } finally {
      signal.removeEventListener("abort", end);
      this.#waiting.delete(own);
    }
  }

  /** Ends the looks. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #fail(error: unknown, caller: AbortSignal): void {
    if (caller.aborted) {
      // Its time was over before an answer came.
      if (this.#isSilent()) void this.#look();
      return;
    }
    const silence = this.#target.silenceOf(error);
    if (silence === undefined) this.#hear();
    else this.#open(silence);
  }

  #hear(): void {
    this.#heard = performance.now();
    this.#answers++;
  }

  #isSilent(): boolean {
    return performance.now() - this.#heard >= this.#times.silence;
  }

  #lookIn(ms: number): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#outage !== undefined || (this.#waiting.size > 0 && this.#isSilent())) void this.#look();
      else if (this.#waiting.size > 0) this.#lookIn(this.#times.silence);
    }, ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const before = this.#answers;
    try {
      await this.#target.look(AbortSignal.timeout(this.#times.answer));
      this.#hear();
      this.#shut();
    } catch (error) {
      // What a request heard meanwhile counts more.
      if (this.#answers === before) {
        this.#open(this.#target.silenceOf(error) ?? StatusError.from(error).message);
        for (const each of this.#waiting) each.abort(this.#refusal());
      }
    } finally {
      this.#looking = false;
      if (this.#outage !== undefined || this.#waiting.size > 0) this.#lookIn(this.#nextLook());
    }
  }

  #open(reason: string): void {
    if (this.#outage !== undefined || this.#closed) return;
    this.#outage = { since: new Date(), reason };
    this.#pause = this.#times.pause;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#looking) this.#lookIn(this.#nextLook());
    this.#target.onChange(this.#outage);
  }

  #nextLook(): number {
    if (this.#outage === undefined) return this.#times.silence;
    const pause = this.#pause;
    this.#pause = Math.min(pause * 2, this.#times.longestPause);
    return pause;
  }

  #shut(): void {
    if (this.#outage === undefined || this.#closed) return;
    this.#outage = undefined;
    this.#target.onChange(undefined);
  }

  #refusal(): StatusError {
    const { since, reason } = this.#outage ?? { since: new Date(), reason: "it does not answer" };
    return new StatusError(
      "UNAVAILABLE",
      `${this.#target.name} can't be reached since ${since.toISOString()}: ${reason}`,
    );
  }
}
