import { StatusError } from "../../../kit/errors.ts";
import type { Pool, PoolPlace } from "./pool.ts";

/** One of the agent's pools, and whether it can be used now. */
export interface PoolSlot {
  readonly place: PoolPlace;
  readonly pool: Pool | undefined;
  /** Why it can't be used; undefined while it can. */
  readonly down: string | undefined;
  /** True when its content has been read since the start, so that what it holds is known. */
  readonly seen: boolean;
}

/** The agent's pools by name. A pool may go away and come back while the agent runs. */
export class Pools {
  readonly #slots: Map<string, PoolSlot>;

  constructor(places: readonly PoolPlace[]) {
    const unseen = (place: PoolPlace) => ({
      place,
      pool: undefined,
      down: "it is not open yet",
      seen: false,
    });
    this.#slots = new Map(places.map((place) => [place.name, unseen(place)]));
  }

  slots(): PoolSlot[] {
    return [...this.#slots.values()];
  }

  /** The pools that can be used now. */
  open(): Pool[] {
    return this.slots().flatMap(({ pool }) => pool ?? []);
  }

  /** @throws StatusError NOT_FOUND for a pool that there is not, UNAVAILABLE for one that is down. */
  byName(name: string): Pool {
    const slot = this.#slots.get(name);
    if (slot === undefined) {
      const names = [...this.#slots.keys()].join(", ");
      throw new StatusError(
        "NOT_FOUND",
        `there is no pool ${JSON.stringify(name.slice(0, 128))}; there are: ${names}`,
      );
    }
    if (slot.pool !== undefined) return slot.pool;
    throw new StatusError("UNAVAILABLE", `pool ${name} is down: ${slot.down ?? "closed"}`);
  }

  /** The open pool, after a look that it is still in its place. @throws StatusError as {@link byName} */
  async present(name: string): Promise<Pool> {
    const pool = this.byName(name);
    await pool.requirePresent();
    return pool;
  }

  /**
   * What is in no pool that was read may be in one that was not.
   * @throws StatusError UNAVAILABLE while there is such a pool.
   */
  requireAllSeen(): void {
    const unseen = this.slots().find(({ seen }) => !seen);
    if (unseen === undefined) return;
    throw new StatusError(
      "UNAVAILABLE",
      `pool ${unseen.place.name} has not been read since the start: ${unseen.down ?? "closed"}`,
    );
  }

  opened(pool: Pool): void {
    this.#slots.set(pool.name, { place: pool, pool, down: undefined, seen: true });
  }

  lost(place: PoolPlace, reason: string): void {
    const seen = this.#slots.get(place.name)?.seen ?? false;
    this.#slots.set(place.name, { place, pool: undefined, down: reason, seen });
  }
}
