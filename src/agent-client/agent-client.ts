import { type AgentAddress, createAgentHttp } from "./agent-http.ts";
import { hostCalls, type HostCalls } from "./host-calls.ts";
import { snapshotCalls, type SnapshotCalls } from "./snapshot-calls.ts";
import { volumeCalls, type VolumeCalls } from "./volume-calls.ts";

export type { AgentAddress, ClientCall } from "./agent-http.ts";

/**
 * The volume service API of one agent. Every failure is a StatusError with the agent's own code, UNAVAILABLE when
 * it can't be reached.
 */
export type AgentClient = VolumeCalls & SnapshotCalls & HostCalls;

export function createAgentClient(address: AgentAddress): AgentClient {
  const http = createAgentHttp(address);
  return { ...volumeCalls(http), ...snapshotCalls(http), ...hostCalls(http) };
}
