import { serveCsi, type CsiServices } from "../csi/server.ts";
import { serveHttpEndpoint } from "../kit/http-endpoint.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { trimHeapAfterStart } from "../kit/trim-heap.ts";
import type { DriverOptions } from "./options.ts";
import { closeAll, untilStopped, type Closable } from "./until-stopped.ts";

/** Serves a role's CSI services, and its HTTP endpoint when one is asked for, until it is told to stop. */
export async function serveRole(
  role: "controller" | "node",
  options: DriverOptions & { readonly endpoint: string },
  services: CsiServices,
  metrics: Metrics,
  log: Log,
  stop: AbortSignal,
): Promise<void> {
  const parts: Closable[] = [];
  try {
    if (options.httpEndpoint !== undefined) {
      parts.push(await serveHttpEndpoint(options.httpEndpoint, metrics));
    }
    const server = await serveCsi(options.endpoint, services, metrics, log);
    parts.push(server);
    log.info({ socket: server.socket }, `${role} is ready`);
    trimHeapAfterStart();
    await untilStopped(stop);
  } finally {
    await closeAll(parts);
  }
}
