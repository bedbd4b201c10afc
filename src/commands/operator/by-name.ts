/** A list ordered by name, as people look for one; an agent has its lists ordered by id. */
export function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}
