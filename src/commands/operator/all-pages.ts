/** Entries of one request. */
const PAGE = 500;

/** All entries of a list that comes in pages. The last page has an empty token. */
export async function allPages<T>(
  fetch: (maxEntries: number, token: string) => Promise<{ items: readonly T[]; next: string }>,
): Promise<T[]> {
  const all: T[] = [];
  for (let token = ""; ;) {
    const { items, next } = await fetch(PAGE, token);
    all.push(...items);
    if (next === "") return all;
    token = next;
  }
}

/** A list ordered by name, as people look for one; an agent has its lists ordered by id. */
export function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}
