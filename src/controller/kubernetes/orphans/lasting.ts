import type { Orphan } from "./orphan.ts";

/**
 * Tells what stays alone: a volume that is being made has no PersistentVolume yet, and one that is being deleted has one
 * still. Only looks that saw everything are taken.
 */
export class Lasting {
  readonly #graceMs: number;
  /** When each was seen first, in one look after the other since; milliseconds. */
  #since: ReadonlyMap<string, number> = new Map();

  /** @param graceMs between the first and the last of the looks that saw it, at least */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** @returns those of this look, made at `now` (performance.now()), that were so at each look since the grace began. */
  take(seen: readonly Orphan[], now: number): Orphan[] {
    const before = this.#since;
    this.#since = new Map(seen.map((orphan) => [keyOf(orphan), before.get(keyOf(orphan)) ?? now]));
    return seen.filter((orphan) => now - (before.get(keyOf(orphan)) ?? Infinity) >= this.#graceMs);
  }
}

/** A volume that was made again under its name is another one: it has another id. */
function keyOf({ kind, name, handle }: Orphan): string {
  return JSON.stringify([kind, name, handle]);
}
