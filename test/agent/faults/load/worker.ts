import type { AgentClient } from "../../../../src/agent-client/agent-client.ts";
import { testCall } from "../../../support/agent.ts";
import { writeDisk } from "../../../support/disk-content.ts";
import type { Random } from "../../../support/random.ts";
import { NameHistory, type Thing } from "./name-history.ts";
import { CONTENT_BYTES, LABEL } from "./observe.ts";

const MIB = 1024 * 1024;
const SIZES = [6, 8, 10, 16].map((size) => size * MIB);

/** What the load may use beside volumes. */
export interface Surroundings {
  /** Ids of VMs to attach volumes to; without any none is attached. */
  readonly vms: readonly string[];
  readonly pools: readonly string[];
  readonly random: Random;
}

/** One client with names of its own, which asks for one change at a time, chosen at random. */
export class Worker {
  readonly histories: readonly NameHistory[];
  readonly #volumes: readonly NameHistory[];
  readonly #snapshots: readonly NameHistory[];
  readonly #surroundings: Surroundings;
  #changes = 0;

  constructor(name: string, surroundings: Surroundings) {
    this.#volumes = ["a", "b", "c"].map((end) => new NameHistory(`volume ${name}-${end}`));
    this.#snapshots = ["s", "t"].map((end) => new NameHistory(`snapshot ${name}-${end}`));
    this.histories = [...this.#volumes, ...this.#snapshots];
    this.#surroundings = surroundings;
  }

  /** How many changes were acknowledged. */
  get changes(): number {
    return this.#changes;
  }

  /** Asks for changes until `stopped`. @throws what the agent refuses, or that it is gone. */
  async run(client: AgentClient, stopped: () => boolean): Promise<void> {
    while (!stopped()) {
      await this.#change(client);
      this.#changes++;
    }
  }

  async #change(client: AgentClient): Promise<void> {
    if (this.#chance(0.25)) {
      await this.#changeSnapshot(client, this.#pick(this.#snapshots));
      return;
    }
    const history = this.#pick(this.#volumes);
    const volume = history.now;
    if (volume === undefined) {
      await this.#create(client, history);
      return;
    }
    if (volume.vm !== undefined) {
      await this.#detach(client, history, volume);
      return;
    }
    const changes = [this.#delete, this.#expand, this.#label, this.#write];
    if (this.#surroundings.vms.length > 0) changes.push(this.#attach);
    if (this.#surroundings.pools.length > 1) changes.push(this.#move);
    await this.#pick(changes).call(this, client, history, volume);
  }

  async #create(client: AgentClient, history: NameHistory): Promise<void> {
    const label = this.#chance(0.5) ? String(this.#changes) : undefined;
    const pool = this.#pick(this.#surroundings.pools);
    const options = { pool, ...(label === undefined ? {} : { labels: { [LABEL]: label } }) };
    const source = this.#volumes.find(({ now }) => now !== undefined && now.vm === undefined)?.now;
    const made = { id: undefined, label, vm: undefined, pool };
    if (source?.id !== undefined && this.#chance(0.5)) {
      history.asked({ ...made, size: source.size, content: source.content });
      const { id } = await client.createVolume(
        plain(history),
        { ...options, sourceVolume: source.id },
        testCall(),
      );
      history.acknowledged(id);
      return;
    }
    const size = this.#pick(SIZES);
    history.asked({ ...made, size, content: 0 });
    const { id } = await client.createVolume(plain(history), { ...options, size: BigInt(size) }, testCall());
    history.acknowledged(id);
  }

  async #delete(client: AgentClient, history: NameHistory, { id = "" }: Thing): Promise<void> {
    history.asked(undefined);
    await client.deleteVolume(id, testCall());
    history.acknowledged();
  }

  async #expand(client: AgentClient, history: NameHistory, volume: Thing): Promise<void> {
    const size = volume.size + 2 * MIB;
    history.asked({ ...volume, size });
    await client.expandVolume(volume.id ?? "", BigInt(size), undefined, testCall());
    history.acknowledged();
  }

  async #label(client: AgentClient, history: NameHistory, volume: Thing): Promise<void> {
    const label = String(this.#changes);
    history.asked({ ...volume, label });
    await client.modifyVolume(volume.id ?? "", { labels: { [LABEL]: label } }, testCall());
    history.acknowledged();
  }

  /** As a guest would, durably; the agent has no part in it. */
  async #write(client: AgentClient, history: NameHistory, volume: Thing): Promise<void> {
    const { volumes } = await client.listVolumes(0, "", testCall());
    const path = volumes.find(({ DiskIdentifier }) => DiskIdentifier === volume.id)?.Path ?? "";
    const content = 1 + this.#surroundings.random.below(255);
    history.asked({ ...volume, content });
    await writeDisk(path, 0n, Buffer.alloc(CONTENT_BYTES, content));
    history.acknowledged();
  }

  async #attach(client: AgentClient, history: NameHistory, volume: Thing): Promise<void> {
    const vm = this.#pick(this.#surroundings.vms);
    history.asked({ ...volume, vm });
    await client.attach(vm, volume.id ?? "", false, testCall());
    history.acknowledged();
  }

  async #detach(client: AgentClient, history: NameHistory, volume: Thing): Promise<void> {
    history.asked({ ...volume, vm: undefined });
    await client.detach(volume.vm ?? "", volume.id ?? "", testCall());
    history.acknowledged();
  }

  async #move(client: AgentClient, history: NameHistory, volume: Thing): Promise<void> {
    const pool = this.#pick(this.#surroundings.pools);
    history.asked({ ...volume, pool });
    await client.moveVolume(volume.id ?? "", pool, testCall());
    history.acknowledged();
  }

  async #changeSnapshot(client: AgentClient, history: NameHistory): Promise<void> {
    if (history.now !== undefined) {
      const { id = "" } = history.now;
      history.asked(undefined);
      await client.deleteSnapshot(id, testCall());
      history.acknowledged();
      return;
    }
    const source = this.#volumes.find(({ now }) => now !== undefined && now.vm === undefined)?.now;
    if (source?.id === undefined) return;
    const label = String(this.#changes);
    history.asked({ ...source, id: undefined, label, content: 0 });
    const { id } = await client.createSnapshot(plain(history), source.id, { [LABEL]: label }, testCall());
    history.acknowledged(id);
  }

  #chance(probability: number): boolean {
    return this.#surroundings.random.below(100) < 100 * probability;
  }

  #pick<T>(items: readonly T[]): T {
    return this.#surroundings.random.pick(items);
  }
}

/** A history's name without its kind. */
function plain({ name }: NameHistory): string {
  return name.slice(name.indexOf(" ") + 1);
}
