import { agentHttp } from "./agent-http.ts";
import { type AgentAddress, connect, type Connection, type Watch } from "./connection.ts";
import { hostCalls, type HostCalls } from "./host-calls.ts";
import { snapshotCalls, type SnapshotCalls } from "./snapshot-calls.ts";
import { volumeCalls, type VolumeCalls } from "./volume-calls.ts";

export type { ClientCall } from "./agent-http.ts";
export type { Outage } from "./breaker.ts";
export type { AgentAddress } from "./connection.ts";

/**
 * The volume service API of one agent. Every failure is a StatusError with the agent's own code, UNAVAILABLE when
 * it can't be reached.
 */
export type AgentClient = VolumeCalls & SnapshotCalls & HostCalls & Pick<Connection, "outage" | "close">;

/** With a watch it answers at once while the agent is down. */
export function createAgentClient(address: AgentAddress, watch?: Watch): AgentClient {
  const connection = connect(address, watch);
  const http = agentHttp(address, connection);
  const { outage, close } = connection;
  return { ...volumeCalls(http), ...snapshotCalls(http), ...hostCalls(http), outage, close };
}
