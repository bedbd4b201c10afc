/** Names remembered at most, about 3 MB of them. */
const MOST = 20_000;

/**
 * Which group was asked last to create a volume of a name, whatever came of it. While that group does not answer it may
 * have the volume. Memory of this process: after a restart, names are looked for only in groups that answer.
 */
export class RecentPlaces {
  readonly #groups = new Map<string, string>();

  get(name: string): string | undefined {
    return this.#groups.get(name);
  }

  set(name: string, group: string): void {
    this.#groups.delete(name);
    this.#groups.set(name, group);
    const [oldest] = this.#groups.keys();
    if (this.#groups.size > MOST && oldest !== undefined) this.#groups.delete(oldest);
  }

  /** The group has said that it does not have it. */
  delete(name: string, group: string): void {
    if (this.#groups.get(name) === group) this.#groups.delete(name);
  }
}
