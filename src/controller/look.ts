import type { AgentClient, ClientCall } from "../agent-client/agent-client.ts";
import { within } from "../kit/budget.ts";
import { StatusError } from "../kit/errors.ts";
import type { Group } from "./groups.ts";

/** Longest that one agent may hold up a call that only looks at it, in milliseconds. */
const LONGEST_LOOK = 15_000;

/**
 * Asks an agent for something that a call could do without, or asks of others too: it gets half of the caller's time at
 * most, so that one that hangs leaves time for the rest.
 * @throws StatusError the agent's own; UNAVAILABLE with the group's name when there was no answer in that time
 */
export async function look<T>(
  group: Group,
  call: ClientCall,
  ask: (agent: AgentClient, call: ClientCall) => Promise<T>,
): Promise<T> {
  const now = performance.now();
  const ms = Math.max(1, Math.min(LONGEST_LOOK, (call.deadline - now) / 2));
  return await within(ms, call.signal, async (signal) => {
    try {
      return await ask(group.agent, { requestId: call.requestId, signal, deadline: now + ms });
    } catch (error) {
      if (!signal.aborted || call.signal.aborted) throw error;
      const silence = `group ${group.name} did not answer in ${Math.round(ms)} ms`;
      throw new StatusError("UNAVAILABLE", silence, error);
    }
  });
}
