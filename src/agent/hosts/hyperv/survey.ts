import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import type { IsIn } from "./disk-paths.ts";
import { mayHaveVms } from "./members.ts";
import type { Inventory } from "./protocol.ts";
import { Seen } from "./seen.ts";
import type { Strangers } from "./strangers.ts";
import type { HypervWorkers } from "./worker/hyperv-workers.ts";

/** Looks at all hosts at once, and keeps what was seen last: for plans, which the worker checks, never for answers. */
export class Survey {
  readonly #workers: HypervWorkers;
  readonly #isIn: IsIn;
  readonly #onSeen: (now: Seen) => void;
  readonly #strangers: Strangers;
  readonly #pools = new Set<string>();
  #hosts: readonly string[] = [];
  #last: Seen | undefined;

  constructor(workers: HypervWorkers, isIn: IsIn, strangers: Strangers, onSeen: (now: Seen) => void) {
    this.#strangers = strangers;
    this.#workers = workers;
    this.#isIn = isIn;
    this.#onSeen = onSeen;
  }

  /** Members of the cluster to ask; empty for a machine that is in none. */
  get hosts(): readonly string[] {
    return this.#hosts;
  }

  get last(): Seen | undefined {
    return this.#last;
  }

  openPool(directory: string): void {
    this.#pools.add(directory);
    this.#last = undefined;
  }

  /**
   * Reads everything.
   * @throws StatusError UNAVAILABLE when a host that is not down does not answer: what it has can't be told
   */
  async look(fresh = false): Promise<Seen> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const asked = this.#hosts;
      const inventory = await this.#workers.read("listVms", { hosts: asked }, fresh);
      if (this.#follow(inventory, asked)) return this.take(inventory);
    }
    throw new StatusError("UNAVAILABLE", "the cluster's members keep changing; try again");
  }

  /** Takes what a change brought back for what there is now. @throws as {@link look} */
  take(inventory: Inventory): Seen {
    const members = new Set(inventory.nodes.filter(mayHaveVms).map(({ name }) => name));
    const silent = inventory.unreachable.find(({ host }) => members.size === 0 || members.has(host));
    if (silent !== undefined) {
      const { host, message } = silent;
      throw new StatusError("UNAVAILABLE", `host ${host} does not answer: ${message.slice(0, 300)}`);
    }
    const seen = new Seen(inventory, this.#pools, this.#isIn, (file) => this.#strangers.volumeIdOf(file));
    this.#onSeen(seen);
    this.#last = seen;
    return seen;
  }

  /** Looks at all disks whose names say nothing, too: some may be volumes that were moved. */
  async lookAtStrangers(log: Log, again = false): Promise<Seen> {
    const { vms } = await this.look();
    await this.#strangers.learn({ vms: [...vms.values()] }, this.#pools, this.#workers, log, again);
    return await this.look();
  }

  /** @returns whether all members that are not down were asked; a machine that is in no cluster is asked by itself. */
  #follow({ nodes }: Inventory, asked: readonly string[]): boolean {
    this.#hosts = nodes.filter(mayHaveVms).map(({ name }) => name);
    return this.#hosts.every((name) => asked.includes(name));
  }
}
