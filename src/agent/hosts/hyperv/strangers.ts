import { readdir } from "node:fs/promises";
import type { Log } from "../../../kit/log.ts";
import { volumeIdInName } from "./disk-paths.ts";
import type { Inventory } from "./protocol.ts";
import type { HypervWorkers } from "./worker/hyperv-workers.ts";

/**
 * Disks of VMs whose names say nothing. Storage migration can rename a volume's disk: then only its own id tells whose it
 * is. Each is asked for once; most are disks of the VMs themselves, whose ids are nobody's.
 */
export class Strangers {
  /** Ids by file; undefined for one that could not be asked for. */
  readonly #ids = new Map<string, string | undefined>();
  /** Ids that a disk in a pool has: what has the same elsewhere is a copy of it. */
  #inPools: ReadonlySet<string> = new Set();
  #stopped = false;

  /** The volume that a file is which has left its pool under another name. */
  volumeIdOf(file: string): string | undefined {
    const id = this.#ids.get(file);
    return id === undefined || this.#inPools.has(id) ? undefined : id;
  }

  /** Asks for those that are new. @param again also for those that could not be asked for before */
  async learn(
    { vms }: Pick<Inventory, "vms">,
    pools: Iterable<string>,
    workers: HypervWorkers,
    log: Log,
    again = false,
  ): Promise<void> {
    const hostOf = new Map(
      vms.flatMap(({ host, drives }) =>
        drives.flatMap(({ basePath }) =>
          basePath !== null && isUnnamed(basePath) ? [[basePath, host] as const] : [],
        ),
      ),
    );
    for (const file of this.#ids.keys()) if (!hostOf.has(file)) this.#ids.delete(file);
    for (const [file, host] of hostOf) {
      if (this.#stopped) return;
      if (this.#ids.has(file) && !(again && this.#ids.get(file) === undefined)) continue;
      try {
        const { virtualDiskId } = await workers.read("diskInfo", { host, path: file });
        this.#ids.set(file, virtualDiskId);
      } catch (error) {
        this.#ids.set(file, undefined);
        log.debug({ err: error, file }, "a disk of a VM can't be asked for its id");
      }
    }
    if (this.#ids.size > 0) this.#inPools = await idsIn(pools);
  }

  /** Ends {@link learn} at the next disk. */
  stop(): void {
    this.#stopped = true;
  }
}

function isUnnamed(file: string): boolean {
  return /\.vhdx$/i.test(file) && volumeIdInName(file) === undefined;
}

async function idsIn(pools: Iterable<string>): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const pool of pools) {
    for (const name of await readdir(pool)) {
      const id = volumeIdInName(name);
      if (id !== undefined) ids.add(id);
    }
  }
  return ids;
}
