import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import type { ApiClient } from "../api/api-client.ts";
import { volumeIdOf, volumesOf } from "../objects/volumes.ts";
import type { Recorder } from "./recorder.ts";

/** Volumes that wait to be looked up; more are left out, the caller tries again anyway. */
const MOST_WAITING = 1000;
/** Volumes whose last look is remembered; the oldest are forgotten. */
const MOST_KNOWN = 10_000;

/**
 * Tells the claims of volumes that found no room to grow. Whose a volume is only the list of all tells, so all that wait
 * share one, and a volume that was told is not looked up again until the recorder would tell it again.
 */
export class NoGrowthTeller {
  readonly #api: ApiClient;
  readonly #driverName: string;
  readonly #recorder: Recorder;
  readonly #log: Log;
  readonly #stop: AbortSignal;
  /** Messages by volume id. */
  readonly #waiting = new Map<string, string>();
  /** When each was looked up, on the clock of performance.now(); the youngest are last. */
  readonly #lookedUp = new Map<string, number>();
  #atWork = false;

  constructor(api: ApiClient, driverName: string, recorder: Recorder, log: Log, stop: AbortSignal) {
    this.#api = api;
    this.#driverName = driverName;
    this.#recorder = recorder;
    this.#log = log;
    this.#stop = stop;
  }

  report(handle: string, message: string): void {
    const id = volumeIdOf(handle);
    const last = this.#lookedUp.get(id) ?? -Infinity;
    if (performance.now() < last + this.#recorder.again) return;
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(id)) return;
    this.#waiting.set(id, message);
    if (!this.#atWork) void this.#lookUp();
  }

  /** Until nothing waits; never fails. */
  async #lookUp(): Promise<void> {
    this.#atWork = true;
    while (this.#waiting.size > 0 && !this.#stop.aborted) {
      const asked = new Map(this.#waiting);
      this.#waiting.clear();
      this.#remember(asked.keys());
      try {
        await this.#tell(new Map(asked));
      } catch (error) {
        // Whoever reports them next has them looked up at once.
        for (const id of asked.keys()) this.#lookedUp.delete(id);
        const reason = StatusError.from(error).message;
        this.#log.warn({ reason }, "whose volumes found no room to grow can't be told");
      }
    }
    this.#atWork = false;
  }

  #remember(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#lookedUp.delete(id);
      this.#lookedUp.set(id, performance.now());
      const [oldest] = this.#lookedUp.keys();
      if (this.#lookedUp.size > MOST_KNOWN && oldest !== undefined) this.#lookedUp.delete(oldest);
    }
  }

  async #tell(messages: Map<string, string>): Promise<void> {
    for await (const { handle, objects } of volumesOf(this.#api, this.#driverName, this.#stop)) {
      const id = volumeIdOf(handle);
      const message = messages.get(id);
      if (message === undefined) continue;
      for (const object of objects) this.#recorder.tell(object, "NoRoomToGrow", message);
      messages.delete(id);
      if (messages.size === 0) return;
    }
  }
}
