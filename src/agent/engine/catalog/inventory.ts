import { stat } from "node:fs/promises";
import type { Ledger } from "../index/ledger.ts";
import { stampOf } from "../index/stamp.ts";
import type { Disk, Snapshot, Volume } from "../model.ts";
import type { Claims } from "../pool/claims.ts";
import { recordBeside } from "../pool/layout.ts";
import { recordOfVolume } from "../records/entries.ts";
import type { Catalog, PlacedGroup, PoolContents } from "./catalog.ts";
import type { Shelf } from "./shelf.ts";

type ClaimingDisk = Pick<Disk, "id" | "pool" | "lineage" | "size">;

/**
 * Keeps in step what is known of the pools' disks: the catalog, what their files were when last looked at, and what
 * they may still claim. Called after the directories were changed.
 */
export class Inventory {
  readonly catalog: Catalog;
  readonly ledger: Ledger;
  readonly claims: Claims;
  /** Ids of volumes that are being moved between pools right now. */
  readonly moving = new Set<string>();
  readonly #sharesBlocks: (pool: string) => boolean;
  readonly #onChange: (pool: string) => void;

  /**
   * @param sharesBlocks whether copies in a pool take no space until they are written to.
   * @param onChange told the pool whose content is another one now.
   */
  constructor(
    catalog: Catalog,
    ledger: Ledger,
    claims: Claims,
    sharesBlocks: (pool: string) => boolean,
    onChange: (pool: string) => void,
  ) {
    this.#sharesBlocks = sharesBlocks;
    this.catalog = catalog;
    this.ledger = ledger;
    this.claims = claims;
    this.#onChange = onChange;
  }

  putVolume(volume: Volume): Promise<Volume> {
    return this.#put(this.catalog.volumes, volume);
  }

  putSnapshot(snapshot: Snapshot): Promise<Snapshot> {
    return this.#put(this.catalog.snapshots, snapshot);
  }

  putGroup(group: PlacedGroup): void {
    this.catalog.groups.put(group);
  }

  removeGroup(id: string): void {
    this.catalog.groups.remove(id);
  }

  removeVolume(id: string): void {
    this.#remove(this.catalog.volumes, id);
  }

  removeSnapshot(id: string): void {
    this.#remove(this.catalog.snapshots, id);
  }

  /**
   * Takes over what a pool was found to hold; the ledger knows its disks already. What is claimed for disks that are
   * being made, or for the growth of one that is as it was, stays claimed.
   */
  replacePool(pool: string, contents: PoolContents): void {
    const before = this.catalog.contentsOf(pool);
    const known = new Set<Volume | Snapshot>([...before.volumes, ...before.snapshots]);
    this.catalog.replacePool(pool, contents);
    const added = [...contents.volumes, ...contents.snapshots].filter((disk) => !known.delete(disk));
    for (const { id } of known) this.claims.delete(id);
    for (const disk of added) this.#claimOf(disk);
    this.#onChange(pool);
  }

  /** Looks at a disk's file again: how much of its size it takes by now. */
  async look(disk: Volume | Snapshot): Promise<void> {
    await this.ledger.look(disk.id, disk.path);
    this.#claimOf(disk);
  }

  /** Claims all of a disk that is about to be made, until it is put or the claim is deleted. */
  claim(disk: ClaimingDisk): void {
    this.#claim(disk, true);
  }

  #claimOf(disk: Volume | Snapshot): void {
    this.#claim(disk, "attributes" in disk);
  }

  #claim(disk: ClaimingDisk, growing: boolean): void {
    const lineage = this.#sharesBlocks(disk.pool) ? disk.lineage : disk.id;
    this.claims.set({ ...disk, lineage }, this.ledger.get(disk.id)?.allocated ?? 0n, growing);
  }

  async #put<T extends Volume | Snapshot>(shelf: Shelf<T>, disk: T): Promise<T> {
    await this.look(disk);
    const record = await stampOfRecord(disk);
    // At once: an index that is written meanwhile must not take the old content for that of the new record.
    this.ledger.setRecord(disk.id, record);
    shelf.put(disk);
    this.#onChange(disk.pool);
    return disk;
  }

  #remove(shelf: Shelf<Volume> | Shelf<Snapshot>, id: string): void {
    const disk = shelf.byId(id);
    if (disk === undefined) return;
    shelf.remove(id);
    this.ledger.delete(id);
    this.claims.delete(id);
    this.#onChange(disk.pool);
  }
}

/** The stamp of a disk's record; undefined where it has none, or none that could be looked at. */
async function stampOfRecord(disk: Volume | Snapshot): Promise<string | undefined> {
  if ("attributes" in disk && recordOfVolume(disk) === undefined) return undefined;
  try {
    return stampOf(await stat(recordBeside(disk), { bigint: true })).text;
  } catch {
    // The next start reads the record instead of the index.
    return undefined;
  }
}
