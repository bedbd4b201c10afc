import { isDeepStrictEqual } from "node:util";
import { type AgentAddress, createAgentClient } from "../agent-client/agent-client.ts";
import { type BreakerTimes, defaultBreakerTimes } from "../agent-client/breaker.ts";
import type { Log } from "../kit/log.ts";
import { watchFiles } from "../kit/watched-files.ts";
import { type AgentEntry, readAddress, readAgentsFile } from "./agents-file.ts";
import { type Group, Groups } from "./groups.ts";

/** The groups of an agents file, as it is now. */
export interface FollowedAgents {
  readonly groups: Groups;
  /** False while the file that is there can't be used: the agents before stay, and a start would fail. */
  isValid(): boolean;
  /** Ends following, and the clients. */
  close(): Promise<void>;
}

/**
 * Reads an agents file and follows it, and the files that it names. One that can't be used changes nothing.
 * @throws StatusError INVALID_ARGUMENT when it can't be used from the start
 */
export async function followAgents(
  path: string,
  log: Log,
  times: BreakerTimes = defaultBreakerTimes,
): Promise<FollowedAgents> {
  const follower = new Follower(path, log, times);
  try {
    await follower.read();
  } catch (error) {
    await follower.close();
    throw error;
  }
  return follower;
}

class Follower implements FollowedAgents {
  readonly groups = new Groups([]);
  readonly #path: string;
  readonly #log: Log;
  readonly #times: BreakerTimes;
  /** What the client of each group was made of. */
  #addresses: ReadonlyMap<string, AgentAddress> = new Map();
  #watch: { close(): void } = { close: () => undefined };
  #inUse: readonly string[] = [];
  #reading: Promise<void> | undefined;
  #isStale = false;
  #isValid = true;
  #closed = false;

  constructor(path: string, log: Log, times: BreakerTimes) {
    this.#path = path;
    this.#log = log;
    this.#times = times;
  }

  /** What is read is watched before, so that no change is missed; what was in use stays watched until it is replaced. */
  async read(): Promise<void> {
    this.#watchOnly(this.#inUse);
    const entries = await readAgentsFile(this.#path);
    const named = entries.flatMap(({ apiKeyFile, caFile }) => [apiKeyFile, caFile ?? []].flat());
    this.#watchOnly([...this.#inUse, ...named]);
    const addresses = await Promise.all(entries.map(readAddress));
    this.#inUse = named;
    this.#watchOnly(named);
    this.#replace(entries, addresses);
  }

  isValid(): boolean {
    return this.#isValid;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    await this.#reading;
    for (const { agent } of this.groups.all()) agent.close();
  }

  #watchOnly(paths: readonly string[]): void {
    if (this.#closed) return;
    const before = this.#watch;
    this.#watch = watchFiles([...new Set([this.#path, ...paths])], this.#changed);
    before.close();
  }

  readonly #changed = () => {
    this.#isStale = true;
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = undefined;
    });
  };

  async #readAgain(): Promise<void> {
    while (this.#isStale && !this.#closed) {
      this.#isStale = false;
      try {
        await this.read();
        this.#isValid = true;
      } catch (error) {
        this.#isValid = false;
        this.#log.error(
          { err: error, path: this.#path },
          "the agents file has changed and can't be used: the agents before stay",
        );
      }
    }
  }

  #replace(entries: readonly AgentEntry[], addresses: readonly AgentAddress[]): void {
    const before = this.#addresses;
    const next = new Map(entries.map(({ group }, index) => [group, addresses[index]] as const));
    this.#addresses = new Map([...next].flatMap(([name, address]) => (address ? [[name, address]] : [])));
    const kept = this.groups
      .all()
      .filter(({ name }) => isDeepStrictEqual(before.get(name), this.#addresses.get(name)));
    const gone = this.groups.all().filter((group) => !kept.includes(group));
    const stays = new Set(kept.map(({ name }) => name));
    const made = [...this.#addresses]
      .filter(([name]) => !stays.has(name))
      .map(([name, address]) => this.#open(name, address));
    this.groups.replace([...kept, ...made]);
    for (const { agent } of gone) agent.close();
    const names = (groups: readonly Group[]) => groups.map(({ name }) => name);
    this.#log.info(
      { path: this.#path, opened: names(made), closed: names(gone) },
      "the agents file was read",
    );
  }

  #open(name: string, address: AgentAddress): Group {
    const log = this.#log.child({ group: name, url: address.url });
    const agent = createAgentClient(address, {
      group: name,
      times: this.#times,
      onChange: (outage) => {
        if (outage === undefined) log.info("the agent answers again");
        else
          log.warn({ reason: outage.reason }, "the agent does not answer: it is asked nothing until it does");
      },
    });
    return { name, agent };
  }
}
