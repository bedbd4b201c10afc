import type { Weighed } from "./grouped-list.ts";

/** Entries of one list kept at most, over all groups: some 20 MB of volumes. */
const MOST = 50_000;
/** Lists of one group that are being put together at a time. */
const MOST_PARTIAL = 8;

/** A list as far as its pages have come. */
interface Listed<Entry> {
  readonly entries: readonly Weighed<Entry>[];
  /** When its first page was asked for, on the clock of performance.now(). */
  readonly since: number;
}

/** What the groups' lists held when they were last seen whole, for a while. */
export class LastKnown<Entry> {
  readonly #maxAgeMs: number;
  readonly #whole = new Map<string, Listed<Entry>>();
  /** By group, then by the token that goes on. */
  readonly #partial = new Map<string, Map<string, Listed<Entry>>>();

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** Notes entries of a group's list between two of its tokens; "" begins and ends it. */
  keep(group: string, token: string, entries: readonly Weighed<Entry>[], next: string): void {
    const partial = this.#partial.get(group) ?? new Map<string, Listed<Entry>>();
    const before = token === "" ? { entries: [], since: performance.now() } : partial.get(token);
    if (before === undefined) return;
    partial.delete(token);
    const list = { entries: [...before.entries, ...entries], since: before.since };
    if (next === "") {
      this.#whole.delete(group);
      this.#dropOld();
      if (this.#size() + list.entries.length <= MOST) this.#whole.set(group, list);
    } else if (list.entries.length <= MOST) {
      partial.set(next, list);
      const [oldest] = partial.keys();
      if (partial.size > MOST_PARTIAL && oldest !== undefined) partial.delete(oldest);
    }
    if (partial.size > 0) this.#partial.set(group, partial);
    else this.#partial.delete(group);
  }

  /** A group's entries in their order; undefined when they are not known, or were too long ago. */
  of(group: string): readonly Weighed<Entry>[] | undefined {
    this.#dropOld();
    return this.#whole.get(group)?.entries;
  }

  #size(): number {
    return [...this.#whole.values()].reduce((sum, { entries }) => sum + entries.length, 0);
  }

  #dropOld(): void {
    for (const [group, { since }] of this.#whole) {
      if (performance.now() - since > this.#maxAgeMs) this.#whole.delete(group);
    }
  }
}
