import { Counter, type Registry } from "prom-client";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { pause } from "../../../kit/pause.ts";
import type { ApiClient } from "../api/api-client.ts";
import { AnsweredError } from "../api/api-error.ts";
import { microTime } from "../leader/lease-record.ts";
import { readMetadata } from "../objects/metadata.ts";
import { eventsOf, newEvent, noteOf, type Regarding, type Reporter } from "./event.ts";
import type { EventReason } from "./reasons.ts";

/** All in milliseconds. */
export interface RecorderTimes {
  /** At least from one request to the next. */
  readonly between: number;
  /** At least from one telling of the same thing to the next; what comes meanwhile is counted. */
  readonly again: number;
  /** After a failure, and the longest after several. */
  readonly failed: number;
  readonly longestFailed: number;
}

export const defaultRecorderTimes: RecorderTimes = {
  between: 100,
  again: 60_000,
  failed: 1000,
  longestFailed: 60_000,
};

/** Things that are remembered, so that the same is counted and not told anew; the oldest are forgotten. */
const MOST_KNOWN = 2000;
/** Things that wait to be told; more are dropped. */
const MOST_WAITING = 500;
/** How often an Event is tried that the API server answers with a failure of its own, as for a webhook that is away. */
const MOST_TRIES = 8;

interface Known {
  readonly on: Regarding;
  readonly reason: EventReason;
  readonly note: string;
  count: number;
  /** The Event's path once it is there. */
  path: string | undefined;
  /** On the clock of performance.now(). */
  told: number;
  waits: boolean;
  /** How often the API server failed with it since it waits. */
  failures: number;
}

/**
 * Tells Kubernetes Events: one for a thing, whose count goes up when the thing happens again. Telling takes no time and
 * never fails: Events are sent behind the caller's back, at a rate of their own, and are dropped before they pile up.
 */
export class Recorder {
  readonly #api: ApiClient;
  readonly #by: Reporter;
  readonly #times: RecorderTimes;
  readonly #log: Log;
  readonly #known = new Map<string, Known>();
  readonly #waiting: Known[] = [];
  readonly #counter: Counter<"reason" | "outcome">;
  #wake: () => void = () => undefined;

  constructor(api: ApiClient, by: Reporter, registry: Registry, log: Log, times = defaultRecorderTimes) {
    this.#api = api;
    this.#by = by;
    this.#times = times;
    this.#log = log;
    this.#counter = new Counter({
      name: "hyperv_csi_controller_events_total",
      help: "Kubernetes Events by reason: sent, or dropped because the API server refused them or was too slow",
      labelNames: ["reason", "outcome"],
      registers: [registry],
    });
  }

  /** Milliseconds from one telling of the same thing to the next. */
  get again(): number {
    return this.#times.again;
  }

  /** @param found what was found; what to do next is the reason's */
  tell(on: Regarding, reason: EventReason, found: string): void {
    const note = noteOf(reason, found);
    const key = JSON.stringify([on.uid, on.name, reason, note]);
    const known = this.#known.get(key) ?? {
      ...{ on, reason, note },
      ...{ count: 0, path: undefined, told: -Infinity, waits: false, failures: 0 },
    };
    // The youngest are last.
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    known.count++;
    if (known.waits || performance.now() < known.told + this.#times.again) return;
    if (!this.#makeRoom()) {
      this.#counter.inc({ reason, outcome: "dropped" });
      return;
    }
    known.waits = true;
    // Before those that failed: they may fail for a reason of their own.
    const failed = this.#waiting.findIndex(({ failures }) => failures > 0);
    this.#waiting.splice(failed === -1 ? this.#waiting.length : failed, 0, known);
    this.#wake();
  }

  /** Sends what is told until `stop` is aborted. */
  async run(stop: AbortSignal): Promise<void> {
    let wait = this.#times.failed;
    while (!stop.aborted) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        await this.#somethingToTell(stop);
        continue;
      }
      try {
        await this.#send(next, stop);
        this.#end(next, "sent");
        wait = this.#times.failed;
        await pause(this.#times.between, stop);
      } catch (error) {
        const { code, message } = StatusError.from(error);
        const isRefused = code !== "UNAVAILABLE" && code !== "CANCELLED" && code !== "DEADLINE_EXCEEDED";
        const isDropped = isRefused || (error instanceof AnsweredError && ++next.failures >= MOST_TRIES);
        this.#log.warn(
          { event: next.reason, on: next.on.name, reason: message },
          isDropped ? "an Event can't be told: it is dropped" : "an Event can't be told: trying again",
        );
        if (isDropped) this.#end(next, "dropped");
        else if (error instanceof AnsweredError) this.#waiting.push(next);
        else this.#waiting.unshift(next);
        // What was answered is the matter of this Event: the others need not wait for it.
        if (isRefused || error instanceof AnsweredError) {
          wait = this.#times.failed;
          await pause(this.#pauseBeforeNext(), stop);
        } else {
          await pause(wait, stop);
          wait = Math.min(wait * 2, this.#times.longestFailed);
        }
      }
    }
  }

  /** After an answer: longer only while nothing waits but what failed before. */
  #pauseBeforeNext(): number {
    const failures = this.#waiting[0]?.failures ?? 0;
    return Math.min(this.#times.failed * 2 ** failures, this.#times.longestFailed);
  }

  /** In a full queue what failed goes before what is new. @returns whether there is room */
  #makeRoom(): boolean {
    if (this.#waiting.length < MOST_WAITING) return true;
    const last = this.#waiting.at(-1);
    if (last === undefined || last.failures === 0) return false;
    this.#waiting.pop();
    this.#end(last, "dropped");
    return true;
  }

  #end(known: Known, outcome: "sent" | "dropped"): void {
    known.waits = false;
    known.failures = 0;
    known.told = performance.now();
    this.#counter.inc({ reason: known.reason, outcome });
  }

  async #send(known: Known, signal: AbortSignal): Promise<void> {
    const now = new Date();
    if (known.path !== undefined) {
      const series = { count: known.count, lastObservedTime: microTime(now) };
      try {
        await this.#api.patch(known.path, "merge", { series }, signal);
        return;
      } catch (error) {
        // Events are kept for an hour.
        if (StatusError.from(error).code !== "NOT_FOUND") throw error;
        known.path = undefined;
        known.count = 1;
      }
    }
    const { on, reason, note } = known;
    const made = await this.#api.create(eventsOf(on), newEvent(on, reason, note, this.#by, now), signal);
    known.path = `${eventsOf(on)}/${readMetadata(made).name}`;
  }

  async #somethingToTell(stop: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        stop.removeEventListener("abort", end);
        this.#wake = () => undefined;
        resolve();
      };
      this.#wake = end;
      stop.addEventListener("abort", end, { once: true });
    });
  }
}
