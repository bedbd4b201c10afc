import { StatusError } from "../../kit/errors.ts";
import type { Volume } from "./engine.ts";
import { isGuid } from "./names.ts";

const TOKEN_PREFIX = "v1-";

/** A disk in the pool that is not served: nothing may take its id or name until a person has looked at it. */
export interface LeftAlone {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly reason: string;
}

/** The volumes of a pool in memory: read from the directory at start, changed only after the directory was. */
export class Catalog {
  readonly #byId = new Map<string, Volume>();
  readonly #byName = new Map<string, Volume>();
  /** Ids in order, for pages that stay stable while volumes come and go. */
  readonly #ids: string[];
  /** By id and by name. */
  readonly #leftAlone: ReadonlyMap<string, LeftAlone>;

  /** The volumes to begin with: one sort instead of an insertion each. */
  constructor(volumes: Iterable<Volume> = [], leftAlone: readonly LeftAlone[] = []) {
    for (const volume of volumes) {
      this.#byId.set(volume.id, volume);
      this.#byName.set(volume.name, volume);
    }
    this.#ids = [...this.#byId.keys()].sort();
    this.#leftAlone = new Map(
      leftAlone.flatMap((disk) => [[disk.id, disk] as const, [disk.name, disk] as const]),
    );
  }

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): Volume | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): Volume | undefined {
    return this.#byName.get(name);
  }

  /** @throws StatusError FAILED_PRECONDITION for the id or name of a disk that is there and not served. */
  refuseLeftAlone(idOrName: string): void {
    const disk = this.#leftAlone.get(idOrName);
    if (disk === undefined) return;
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${disk.path} is left alone: ${disk.reason}; settle that on the host and start the agent again`,
    );
  }

  /** Adds a volume, or replaces the one with its id. */
  put(volume: Volume): void {
    if (!this.#byId.has(volume.id)) this.#ids.splice(this.#firstAfter(volume.id), 0, volume.id);
    this.#byId.set(volume.id, volume);
    this.#byName.set(volume.name, volume);
  }

  remove(id: string): void {
    const volume = this.#byId.get(id);
    if (volume === undefined) return;
    this.#byId.delete(id);
    this.#byName.delete(volume.name);
    this.#ids.splice(this.#firstAfter(id) - 1, 1);
  }

  /**
   * Up to `maxEntries` volumes (0 = all) after the one that `token` names, which may be gone by now.
   * @throws StatusError ABORTED for a token that no page gave out.
   */
  page(maxEntries: number, token: string | undefined): { volumes: Volume[]; nextToken: string | undefined } {
    const start = token === undefined ? 0 : this.#firstAfter(idOfToken(token));
    const end = maxEntries === 0 ? this.#ids.length : Math.min(this.#ids.length, start + maxEntries);
    const ids = this.#ids.slice(start, end);
    const last = ids.at(-1);
    return {
      volumes: ids.flatMap((id) => this.#byId.get(id) ?? []),
      nextToken: last === undefined || end === this.#ids.length ? undefined : TOKEN_PREFIX + last,
    };
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

function idOfToken(token: string): string {
  const id = token.slice(TOKEN_PREFIX.length);
  if (token.startsWith(TOKEN_PREFIX) && isGuid(id)) return id;
  throw new StatusError(
    "ABORTED",
    "nextToken is not one that this list gave out; start again without a token",
  );
}
