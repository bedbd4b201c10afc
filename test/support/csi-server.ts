import { csiClient, type CsiClient } from "../../src/csi/client.ts";
import { identityService } from "../../src/csi/identity.ts";
import type { SocketListener } from "../../src/csi/listeners/socket-listener.ts";
import type { CsiCall, IdentityRpcs } from "../../src/csi/rpc.ts";
import { serveSocket, type CsiServices, type RunningServer } from "../../src/csi/server.ts";
import { silentLog, type Log } from "../../src/kit/log.ts";
import { createMetrics, type Metrics } from "../../src/kit/metrics.ts";

export interface CsiFixture {
  readonly server: RunningServer;
  readonly metrics: Metrics;
  /** Calls Identity; its Probe runs what the test says. */
  readonly identity: CsiClient<IdentityRpcs>;
  /** A client with less time for each call. */
  hurried(budgetMs: number): CsiClient<IdentityRpcs>;
  /** Closes the clients, then the server. */
  close(): Promise<void>;
}

/** Serves Identity with a Probe of the test's own on a real socket. */
export async function serveProbe(
  endpoint: string,
  probe: (call: CsiCall) => Promise<unknown>,
  others: Partial<CsiServices> = {},
  log: Log = silentLog(),
  listener?: SocketListener,
): Promise<CsiFixture> {
  const metrics = createMetrics();
  const Identity: IdentityRpcs = {
    ...identityService("test.driver", () => Promise.resolve(true)),
    Probe: async (_request, call) => {
      await probe(call);
      return { ready: { value: true } };
    },
  };
  const server = await serveSocket(endpoint, { ...others, Identity }, metrics, log, listener);
  const clients: CsiClient<IdentityRpcs>[] = [];
  const connect = (budgetMs?: number) => {
    const client = csiClient<IdentityRpcs>("Identity", server.socket, budgetMs);
    clients.push(client);
    return client;
  };
  return {
    server,
    metrics,
    identity: connect(),
    hurried: connect,
    close: async () => {
      for (const client of clients) client.close();
      await server.close();
    },
  };
}
