import type { AgentClient, ClientCall } from "../agent-client/agent-client.ts";
import { requireHandle, type Handle } from "../csi/handle.ts";
import { StatusError } from "../kit/errors.ts";
import { look } from "./look.ts";

/** The hosts behind one agent. */
export interface Group {
  readonly name: string;
  readonly agent: AgentClient;
}

/** A volume that a handle names, and who has it. */
export interface Place {
  readonly group: Group;
  /** Volume id. */
  readonly id: string;
}

/** The groups this controller has now, by name: they come and go while it runs. */
export class Groups {
  #groups: ReadonlyMap<string, Group> = new Map();

  constructor(groups: readonly Group[]) {
    this.replace(groups);
  }

  /** Calls that are at work stay with the group that they began with. */
  replace(groups: readonly Group[]): void {
    const sorted = groups.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    this.#groups = new Map(sorted.map((group) => [group.name, group]));
  }

  /** In the order of their names, which is the order of lists. */
  all(): Group[] {
    return [...this.#groups.values()];
  }

  get(name: string): Group | undefined {
    return this.#groups.get(name);
  }

  /**
   * Where a handle's volume is.
   * @throws StatusError NOT_FOUND not a handle, UNAVAILABLE a group that we don't know.
   */
  async locate(handle: string, call: ClientCall): Promise<Place> {
    return await this.locateParsed(requireHandle(handle), call);
  }

  /** As {@link locate}, for a handle that was parsed before. */
  async locateParsed({ group, id }: Handle, call: ClientCall): Promise<Place> {
    if (group === undefined) return await this.#search(id, call);
    const known = this.#groups.get(group);
    if (known !== undefined) return { group: known, id };
    throw new StatusError("UNAVAILABLE", `no agent of group ${group} is configured in this controller`);
  }

  /** A bare GUID does not say its group: one has it, or all must have said that they don't. */
  async #search(id: string, call: ClientCall): Promise<Place> {
    const groups = this.all();
    const answers = await Promise.allSettled(
      groups.map((group) => look(group, call, (agent, own) => agent.getVolume(id, own))),
    );
    let failure: unknown;
    for (const [index, answer] of answers.entries()) {
      const group = groups[index];
      if (answer.status === "fulfilled" && answer.value.id === id && group !== undefined)
        return { group, id };
      if (answer.status === "rejected" && !isMissing(answer.reason)) failure = answer.reason;
    }
    if (failure !== undefined) {
      const { message } = StatusError.from(failure);
      throw new StatusError(
        "UNAVAILABLE",
        `volume ${id} may be in a group that does not answer: ${message}`,
        failure,
      );
    }
    throw new StatusError("NOT_FOUND", `volume ${id} does not exist in any group`);
  }
}

function isMissing(reason: unknown): boolean {
  return reason instanceof StatusError && reason.code === "NOT_FOUND";
}
