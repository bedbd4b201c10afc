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
