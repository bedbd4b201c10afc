import type { Log } from "../../../kit/log.ts";
import { type ChainRecord, readChains, writeChains } from "./chain-records.ts";
import type { HypervVm } from "./protocol.ts";
import type { Seen } from "./seen.ts";

/** What is known of a disk whose VM has checkpoints, and the pool that keeps it. */
interface Entry extends ChainRecord {
  readonly pool: string;
}

/**
 * Notices what no single look can tell: a disk that goes on in another file while the VM's checkpoints are the same. Its
 * VM was reverted, and with it the volume's content. Kept in the pools, so that it is noticed and known over a restart of
 * the agent, until the volume is detached or deleted.
 */
export class Reverts {
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>();
  readonly #pools = new Set<string>();
  readonly #changed = new Set<string>();
  #writing: Promise<void> = Promise.resolve();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes over what a pool keeps: older than what has been seen since, so it is what the next look is compared with. */
  async openPool(pool: string): Promise<void> {
    this.#pools.add(pool);
    for (const record of await readChains(pool, this.#log)) {
      this.#entries.set(record.volumeId, { ...record, pool });
    }
  }

  compare(now: Seen): void {
    for (const [volumeId, { vmId }] of this.#entries) {
      const drives = now.drivesOf(volumeId);
      // A VM that nobody has now may be on its way to another host.
      const isGone = drives.length > 0 || now.vms.has(vmId);
      if (isGone && !drives.some(({ vm }) => vm.id === vmId)) this.forget(volumeId);
    }
    for (const { vm, drive, volumeId, pool } of now.drives()) {
      const found = this.#entries.get(volumeId);
      const earlier = found?.vmId === vm.id ? found : undefined;
      const checkpoints = idsOf(vm);
      const isReverted =
        earlier !== undefined &&
        (earlier.isReverted ||
          (earlier.path !== drive.path &&
            checkpoints.length > 0 &&
            checkpoints.join() === earlier.checkpoints.join()));
      if (checkpoints.length === 0 && !isReverted) {
        this.forget(volumeId);
        continue;
      }
      const [first = ""] = this.#pools;
      const place = pool ?? earlier?.pool ?? first;
      this.#put({ volumeId, vmId: vm.id, path: drive.path, checkpoints, isReverted, pool: place });
    }
  }

  /** The VM that was reverted under a volume. */
  vmOf(volumeId: string): string | undefined {
    const entry = this.#entries.get(volumeId);
    return entry?.isReverted === true ? entry.vmId : undefined;
  }

  forget(volumeId: string): void {
    const entry = this.#entries.get(volumeId);
    if (entry === undefined) return;
    this.#entries.delete(volumeId);
    this.#save(entry.pool);
  }

  /** Resolves when all that was noticed before the call is kept, or could not be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #put(entry: Entry): void {
    const before = this.#entries.get(entry.volumeId);
    if (JSON.stringify(before) === JSON.stringify(entry)) return;
    this.#entries.set(entry.volumeId, entry);
    if (before !== undefined && before.pool !== entry.pool) this.#save(before.pool);
    this.#save(entry.pool);
  }

  /** Changes that come while one is written share the next write. */
  #save(pool: string): void {
    if (this.#changed.has(pool) || !this.#pools.has(pool)) return;
    this.#changed.add(pool);
    this.#writing = this.#writing.then(async () => {
      this.#changed.delete(pool);
      const records = [...this.#entries.values()].filter((entry) => entry.pool === pool);
      try {
        await writeChains(pool, records);
      } catch (error) {
        this.#log.warn({ err: error, pool }, "what is known of checkpoints can't be kept");
      }
    });
  }
}

function idsOf({ checkpoints }: HypervVm): string[] {
  return checkpoints.map(({ id }) => id).sort();
}
