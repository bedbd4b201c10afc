import { newCall } from "../../../agent-client/new-call.ts";
import { within } from "../../../kit/budget.ts";
import { pause } from "../../../kit/pause.ts";
import type { Group, Groups } from "../../groups.ts";
import type { ApiClient } from "../api/api-client.ts";
import type { Task } from "../leader/task.ts";
import { NODES } from "../objects/nodes.ts";
import { regarding } from "./event.ts";
import type { Recorder } from "./recorder.ts";

/** All in milliseconds. */
export interface HostTimes {
  /** From one look at the agents to the next. */
  readonly every: number;
  /** How long an agent is away before it is told: it may only be started anew. */
  readonly patience: number;
}

export const defaultHostTimes: HostTimes = { every: 15_000, patience: 30_000 };

/** Longest that an agent may take, in milliseconds. */
const LONGEST_LOOK = 10_000;

/** Tells the Nodes of a group when its agent does not answer, and when it does again. */
export function watchHostsTask(
  groups: Groups,
  topologyKey: string,
  api: ApiClient,
  recorder: Recorder,
  times = defaultHostTimes,
): Task {
  return {
    name: "hosts",
    run: async (signal) => {
      const told = new Set<string>();
      do {
        await Promise.all(groups.all().map((group) => look(group, signal)));
        for (const { name, agent } of groups.all()) {
          const outage = agent.outage();
          const selector = `${topologyKey}=${name}`;
          const away = outage === undefined ? 0 : Date.now() - outage.since.getTime();
          if (outage !== undefined && away >= times.patience && !told.has(name)) {
            const since = outage.since.toISOString();
            const found = `The agent of group ${name} does not answer since ${since}: ${outage.reason}`;
            await tellNodes(api, recorder, selector, "HostUnreachable", found, signal);
            told.add(name);
          } else if (outage === undefined && told.has(name)) {
            const found = `The agent of group ${name} answers again`;
            await tellNodes(api, recorder, selector, "HostReachable", found, signal);
            told.delete(name);
          }
        }
      } while (await pause(times.every, signal));
    },
  };
}

/** An agent that nobody asks would be missed by nobody. */
async function look({ agent }: Group, signal: AbortSignal): Promise<void> {
  const ask = (own: AbortSignal) => newCall(own, (call) => agent.capacity(undefined, call));
  await within(LONGEST_LOOK, signal, ask).catch(() => undefined);
}

async function tellNodes(
  api: ApiClient,
  recorder: Recorder,
  labelSelector: string,
  reason: "HostUnreachable" | "HostReachable",
  found: string,
  signal: AbortSignal,
): Promise<void> {
  for await (const { items } of api.list(NODES, { labelSelector }, signal)) {
    for (const node of items) recorder.tell(regarding("Node", node), reason, found);
  }
}
