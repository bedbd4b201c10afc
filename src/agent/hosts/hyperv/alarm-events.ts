import type { HypervParts } from "./parts.ts";
import type { Seen } from "./seen.ts";

/** Event ids; those below 100 are the service's own. */
const ALARM = 100;
const ALARM_OVER = 101;

/**
 * Writes to the host's event log what is wrong with attachments, for those who watch hosts and not volumes: once when it
 * is seen first, and once when it is over. A log that can't be written is tried again with the next look.
 */
export class AlarmEvents {
  readonly #told = new Set<string>();

  async tell(
    seen: Seen,
    alarmOf: (volumeId: string) => string | undefined,
    { workers, log }: HypervParts,
  ): Promise<void> {
    const attached = new Set(seen.drives().map(({ volumeId }) => volumeId));
    for (const volumeId of new Set([...attached, ...this.#told])) {
      const alarm = attached.has(volumeId) ? alarmOf(volumeId) : undefined;
      if ((alarm !== undefined) === this.#told.has(volumeId)) continue;
      try {
        await workers.change("writeEvent", {
          level: alarm === undefined ? "information" : "warning",
          eventId: alarm === undefined ? ALARM_OVER : ALARM,
          message: `volume ${volumeId}: ${alarm ?? "what was wrong is over"}`,
        });
        if (alarm === undefined) this.#told.delete(volumeId);
        else this.#told.add(volumeId);
      } catch (error) {
        log.debug({ volume: volumeId, err: error }, "the event log can't be written now");
      }
    }
  }
}
