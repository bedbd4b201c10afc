import type { Log } from "../../../kit/log.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Snapshot, Volume } from "../model.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";
import { basename, dirname } from "node:path";
import { recordOfSnapshot, recordOfVolume } from "../records/entries.ts";
import { saidBy } from "../records/record.ts";
import { indexKey } from "../recovery/read-disk.ts";
import type { Ledger } from "./ledger.ts";
import { type IndexedDisk, type IndexedRecord, writeIndex } from "./pool-index.ts";

/** A change waits so long for others before the index is written. */
const QUIET_MS = 60_000;

/** Writes the pools' indexes some time after their contents changed, and when the agent stops. */
export class IndexKeeper {
  readonly #pools: Pools;
  readonly #catalog: Catalog;
  readonly #ledger: Ledger;
  readonly #log: Log;
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(pools: Pools, catalog: Catalog, ledger: Ledger, log: Log) {
    this.#pools = pools;
    this.#catalog = catalog;
    this.#ledger = ledger;
    this.#log = log;
  }

  /** The pool's index is behind from now on. */
  changed(pool: string): void {
    this.#changed.add(pool);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.write();
    }, QUIET_MS).unref();
  }

  /** Writes what is behind. An index that can't be written only makes the next start slower. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const names = [...this.#changed];
      this.#changed.clear();
      for (const pool of this.#pools.open()) {
        if (!names.includes(pool.name)) continue;
        try {
          await writeIndex(pool.layout.index, pool.id, this.#disksOf(pool));
        } catch (error) {
          this.#log.warn({ err: error, pool: pool.name }, "the index can't be written");
        }
      }
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.write();
  }

  *#disksOf({ name }: Pool): Generator<readonly [string, IndexedDisk]> {
    // Their records say where they come from, which the catalog's entries do not.
    const arriving = new Set(this.#catalog.arriving().map(({ copy }) => copy.id));
    for (const shelf of [this.#catalog.volumes, this.#catalog.snapshots]) {
      for (const disk of shelf.values()) {
        const stamp = disk.pool === name ? this.#ledger.get(disk.id) : undefined;
        if (stamp === undefined) continue;
        const { path, size, type, createdAt } = disk;
        const record = arriving.has(disk.id) ? undefined : this.#recordOf(disk);
        const indexed = { stamp: stamp.text, size, type, createdAt };
        yield [
          indexKey(dirname(path), basename(path)),
          record === undefined ? indexed : { ...indexed, record },
        ];
      }
    }
  }

  #recordOf(disk: Volume | Snapshot): IndexedRecord | undefined {
    const stamp = this.#ledger.recordOf(disk.id);
    if (stamp === undefined) return undefined;
    const record = "attributes" in disk ? recordOfVolume(disk) : recordOfSnapshot(disk);
    return record && { stamp, said: saidBy(record) };
  }
}
