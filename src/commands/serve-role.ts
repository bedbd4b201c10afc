import type { SocketListener } from "../csi/listeners/socket-listener.ts";
import { serveSocket, type CsiServices } from "../csi/server.ts";
import { serveHttpEndpoint } from "../kit/http-endpoint.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { trimHeapAfterStart } from "../kit/trim-heap.ts";
import type { DriverOptions } from "./options.ts";
import { closeAll, untilStopped, type Closable } from "./until-stopped.ts";

/** What one process does in the cluster. */
export interface Role {
  readonly name: "controller" | "node";
  readonly services: CsiServices;
  /** What listens on the socket; this system's own when there is none. */
  readonly listener?: SocketListener | undefined;
  /** Why /readyz must say no though CSI is served. */
  readonly whyNotReady?: () => string | undefined;
  /** What is done while CSI is served. It ends when the signal is aborted; a failure ends the process. */
  readonly meanwhile?: (stop: AbortSignal) => Promise<void>;
}

/** Serves a role's CSI services, and its HTTP endpoint when one is asked for, until it is told to stop. */
export async function serveRole(
  { name, services, listener, whyNotReady, meanwhile = untilStopped }: Role,
  options: DriverOptions & { readonly endpoint: string },
  metrics: Metrics,
  log: Log,
  stop: AbortSignal,
): Promise<void> {
  const parts: Closable[] = [];
  try {
    if (options.httpEndpoint !== undefined) {
      parts.push(await serveHttpEndpoint(options.httpEndpoint, metrics, whyNotReady));
    }
    const server = await serveSocket(options.endpoint, services, metrics, log, listener);
    parts.push(server);
    log.info({ socket: server.socket }, `${name} is ready`);
    trimHeapAfterStart();
    await meanwhile(stop);
  } finally {
    await closeAll(parts);
  }
}
