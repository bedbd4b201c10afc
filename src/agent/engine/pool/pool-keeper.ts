import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import type { Host } from "../../hosts/host.ts";
import type { PoolContents } from "../catalog/catalog.ts";
import type { Inventory } from "../catalog/inventory.ts";
import { withoutConflicts } from "../recovery/conflicts.ts";
import { afterMoves, settleMoves } from "../recovery/settle-moves.ts";
import { scanPool } from "../recovery/scan-pool.ts";
import { settleGroups } from "../recovery/settle-groups.ts";
import { settleTemporary } from "../recovery/settle-temporary.ts";
import type { KnownPools } from "./known-pools.ts";
import { openPool, type Pool, type PoolPlace } from "./pool.ts";
import type { Pools } from "./pools.ts";

/** How often a pool's place is looked at. */
const LOOK_MS = 2000;

/** As whom pools are opened. */
export interface PoolOwner {
  /** DNS labels of the agent's group and its aliases. */
  readonly groups: readonly [string, ...string[]];
  /** What another process is told of us that wants the same pool. */
  readonly owner: string;
}

/** Opens the pools, recovers and reads them, and notices when one goes away or comes back. */
export class PoolKeeper {
  readonly #pools: Pools;
  readonly #inventory: Inventory;
  readonly #host: Host;
  readonly #owner: PoolOwner;
  readonly #known: KnownPools;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(pools: Pools, inventory: Inventory, host: Host, owner: PoolOwner, known: KnownPools, log: Log) {
    this.#pools = pools;
    this.#inventory = inventory;
    this.#host = host;
    this.#owner = owner;
    this.#known = known;
    this.#log = log;
  }

  /**
   * Opens all pools. One that is not there is down and is tried again.
   * @throws StatusError FAILED_PRECONDITION for a pool that is another's: an agent must not run beside it.
   */
  async openAll(): Promise<void> {
    await this.#openSome(this.#pools.slots().map(({ place }) => place));
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look());
    }, LOOK_MS).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    for (const pool of this.#pools.open()) await pool.close();
  }

  /** Notices what went away, and tries again what is down. */
  async #look(): Promise<void> {
    try {
      for (const pool of this.#pools.open()) {
        await pool.requirePresent().catch(async (error: unknown) => {
          const { message } = StatusError.from(error);
          this.#log.error({ pool: pool.name }, message);
          this.#pools.lost(pool, message);
          await pool.close();
        });
      }
      const down = this.#pools.slots().filter(({ pool }) => pool === undefined);
      if (down.length > 0) await this.#openSome(down.map(({ place }) => place));
    } catch (error) {
      this.#log.error({ err: error }, "looking after the pools failed");
    }
  }

  async #openSome(places: readonly PoolPlace[]): Promise<void> {
    const opened: Pool[] = [];
    try {
      for (const place of places) {
        const pool = await this.#open(place);
        if (pool !== undefined) opened.push(pool);
      }
      if (opened.length > 0) await this.#read(opened);
    } catch (error) {
      for (const pool of opened) await pool.close();
      if (!(error instanceof StatusError) || error.code !== "UNAVAILABLE") throw error;
      // The host can't be asked for what VMs may have: it will be, and until then nothing is guessed.
      for (const pool of opened) this.#pools.lost(pool, error.message);
      this.#log.error(`pools are down: ${error.message}`);
    }
  }

  async #open(place: PoolPlace): Promise<Pool | undefined> {
    try {
      const pool = await openPool(
        place,
        this.#owner.groups,
        this.#owner.owner,
        this.#known.idOf(place.directory),
      );
      await this.#known.remember(place.directory, pool.id);
      return pool;
    } catch (thrown) {
      const error = StatusError.from(thrown);
      const isFirst = this.#pools.slots().find(({ place: { name } }) => name === place.name)?.seen === false;
      if (isFirst && error.code === "FAILED_PRECONDITION") throw error;
      this.#pools.lost(place, error.message);
      this.#log.error({ pool: place.name }, `pool is down: ${error.message}`);
      return undefined;
    }
  }

  /** Recovers pools that were just opened, and takes over what they hold beside what the others do. */
  async #read(opened: readonly Pool[]): Promise<void> {
    const contents = new Map<string, PoolContents>();
    const read = this.#host.diskReader();
    for (const pool of opened) {
      await settleTemporary(pool, this.#log);
      await settleGroups(pool, this.#log);
      contents.set(pool.name, await scanPool(pool, this.#inventory.ledger, read, this.#log));
    }
    for (const pool of opened) await this.#host.openPool(pool.directory);
    const inventory = this.#inventory;
    const known = () =>
      new Map([
        ...this.#pools
          .slots()
          .map(({ place: { name } }) => [name, inventory.catalog.contentsOf(name)] as const),
        ...contents,
      ]);
    const moves = await settleMoves([...this.#pools.open(), ...opened], known(), inventory, this.#log);
    // Requests are served meanwhile: from here on nothing waits.
    const settled = withoutConflicts(afterMoves(known(), moves, inventory), ({ path }, reason) => {
      this.#log.warn({ path }, `left alone: ${reason}`);
    });
    // Open first: what disks claim depends on whether their pool shares blocks.
    for (const pool of opened) {
      this.#pools.opened(pool);
      this.#log.info({ pool: pool.name, volumes: settled.get(pool.name)?.volumes.length }, "pool is open");
    }
    for (const [name, pool] of settled) inventory.replacePool(name, pool);
  }
}
