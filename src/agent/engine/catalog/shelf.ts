import { idOfToken, tokenAfter } from "../../../agent-client/list-token.ts";
import type { Page } from "../model.ts";

/** What can stand on a shelf. */
interface Item {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
}

/** Items by id and by name, in the order of their ids, so that pages stay stable while items come and go. */
export class Shelf<T extends Item> {
  readonly #byId = new Map<string, T>();
  readonly #byName = new Map<string, T>();
  #ids: string[] = [];

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): T | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): T | undefined {
    return this.#byName.get(name);
  }

  values(): Iterable<T> {
    return this.#byId.values();
  }

  /** How many items each pool has; one without any is not in it. */
  countsByPool(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { pool } of this.#byId.values()) counts.set(pool, (counts.get(pool) ?? 0) + 1);
    return counts;
  }

  /** The items whose ids begin like this. */
  withPrefix(prefix: string): T[] {
    const items: T[] = [];
    for (let at = this.#firstAfter(prefix); this.#ids[at]?.startsWith(prefix) === true; at++) {
      const item = this.#byId.get(this.#ids[at] ?? "");
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Adds an item, or replaces the one with its id. */
  put(item: T): void {
    const before = this.#byId.get(item.id);
    if (before === undefined) this.#ids.splice(this.#firstAfter(item.id), 0, item.id);
    else if (before.name !== item.name) this.#byName.delete(before.name);
    this.#byId.set(item.id, item);
    this.#byName.set(item.name, item);
  }

  remove(id: string): void {
    const item = this.#byId.get(id);
    if (item === undefined) return;
    this.#byId.delete(id);
    if (this.#byName.get(item.name) === item) this.#byName.delete(item.name);
    this.#ids.splice(this.#firstAfter(id) - 1, 1);
  }

  /** Replaces all items of a pool: one sort instead of an insertion each. */
  replacePool(pool: string, items: Iterable<T>): void {
    for (const item of this.#byId.values()) {
      if (item.pool !== pool) continue;
      this.#byId.delete(item.id);
      if (this.#byName.get(item.name) === item) this.#byName.delete(item.name);
    }
    for (const item of items) {
      this.#byId.set(item.id, item);
      this.#byName.set(item.name, item);
    }
    this.#ids = [...this.#byId.keys()].sort();
  }

  /**
   * Up to `maxEntries` items (0 = all) after the one that `token` names, which may be gone by now.
   * @param wanted leaves out what it is false for.
   * @throws StatusError ABORTED for a token that no page gave out.
   */
  page(maxEntries: number, token: string | undefined, wanted: (item: T) => boolean = () => true): Page<T> {
    const items: T[] = [];
    let last: string | undefined;
    for (let at = token === undefined ? 0 : this.#firstAfter(idOfToken(token)); at < this.#ids.length; at++) {
      const item = this.#byId.get(this.#ids[at] ?? "");
      if (item === undefined || !wanted(item)) continue;
      if (maxEntries > 0 && items.length === maxEntries) return { items, nextToken: tokenAfter(last ?? "") };
      items.push(item);
      last = item.id;
    }
    return { items, nextToken: undefined };
  }

  /** Index of the first id greater than `id`. */
  #firstAfter(id: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? "") <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
