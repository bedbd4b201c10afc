import type { Disk } from "../model.ts";

interface Claim {
  readonly pool: string;
  readonly lineage: string;
  /** Bytes it can still grow by; a snapshot's are none. */
  readonly whole: bigint;
  readonly unallocated: bigint;
}

/**
 * The bytes that the disks of each pool may still claim from its file system: what of a disk is not allocated yet, or
 * all of it where its blocks may be shared with a disk it was copied from or to, since then each write takes new space.
 */
export class Claims {
  readonly #claims = new Map<string, Claim>();
  /**
   * Ids by pool and lineage. A disk without relatives, as nearly all are, stands alone: a set would be ten times as
   * large.
   */
  readonly #lineages = new Map<string, Map<string, string | Set<string>>>();
  readonly #promised = new Map<string, bigint>();

  /** Bytes that the disks of a pool may still take. */
  promised(pool: string): bigint {
    return this.#promised.get(pool) ?? 0n;
  }

  /** @param growing false for a snapshot: nobody writes to it. */
  set(
    { id, pool, lineage, size }: Pick<Disk, "id" | "pool" | "lineage" | "size">,
    allocated: bigint,
    growing: boolean,
  ): void {
    this.delete(id);
    const unallocated = allocated < size ? size - allocated : 0n;
    const claim = growing
      ? { pool, lineage, whole: size, unallocated }
      : { pool, lineage, whole: 0n, unallocated: 0n };
    this.#changeFamily(pool, lineage, (family) => {
      family.add(id);
      this.#claims.set(id, claim);
    });
  }

  delete(id: string): void {
    const claim = this.#claims.get(id);
    if (claim === undefined) return;
    this.#changeFamily(claim.pool, claim.lineage, (family) => {
      family.delete(id);
      this.#claims.delete(id);
    });
  }

  /** Claims of a family change together: a disk that gets a relative in its pool shares blocks from then on. */
  #changeFamily(pool: string, lineage: string, change: (family: Set<string>) => void): void {
    const lineages = this.#lineages.get(pool) ?? new Map<string, string | Set<string>>();
    this.#lineages.set(pool, lineages);
    const known = lineages.get(lineage);
    const family = typeof known === "string" ? new Set([known]) : (known ?? new Set<string>());
    const before = this.#sum(family);
    change(family);
    const [first] = family;
    if (first === undefined) lineages.delete(lineage);
    else lineages.set(lineage, family.size === 1 ? first : family);
    this.#promised.set(pool, this.promised(pool) - before + this.#sum(family));
  }

  #sum(family: ReadonlySet<string>): bigint {
    let sum = 0n;
    for (const id of family) {
      const claim = this.#claims.get(id);
      if (claim !== undefined) sum += family.size > 1 ? claim.whole : claim.unallocated;
    }
    return sum;
  }
}
