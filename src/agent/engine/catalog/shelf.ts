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
  readonly #byAlias = new Map<string, T>();
  readonly #aliasOf: (item: T) => string | undefined;
  #ids: string[] = [];

  /** @param aliasOf another text that an item is known by, for the few that have one. */
  constructor(aliasOf: (item: T) => string | undefined = () => undefined) {
    this.#aliasOf = aliasOf;
  }

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): T | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): T | undefined {
    return this.#byName.get(name);
  }

  byAlias(alias: string): T | undefined {
    return this.#byAlias.get(alias);
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
    else this.#unname(before);
    this.#name(item);
  }

  remove(id: string): void {
    const item = this.#byId.get(id);
    if (item === undefined) return;
    this.#byId.delete(id);
    this.#unname(item);
    this.#ids.splice(this.#firstAfter(id) - 1, 1);
  }

  /** Replaces all items of a pool: one sort instead of an insertion each. */
  replacePool(pool: string, items: Iterable<T>): void {
    for (const item of this.#byId.values()) {
      if (item.pool !== pool) continue;
      this.#byId.delete(item.id);
      this.#unname(item);
    }
    for (const item of items) this.#name(item);
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

  #name(item: T): void {
    this.#byId.set(item.id, item);
    this.#byName.set(item.name, item);
    const alias = this.#aliasOf(item);
    if (alias !== undefined) this.#byAlias.set(alias, item);
  }

  /** Its names may be those of another by now. */
  #unname(item: T): void {
    if (this.#byName.get(item.name) === item) this.#byName.delete(item.name);
    const alias = this.#aliasOf(item);
    if (alias !== undefined && this.#byAlias.get(alias) === item) this.#byAlias.delete(alias);
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
