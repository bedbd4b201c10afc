import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { StatusError } from "./errors.ts";
import type { Metrics } from "./metrics.ts";

export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** Why a process that is alive is not ready; undefined when it is. */
type WhyNotReady = () => string | undefined;

/** Serves /healthz, /readyz and /metrics at `host:port` (`:8080` listens on all addresses), as CSI sidecars do. */
export async function serveHttpEndpoint(
  address: string,
  metrics: Metrics,
  whyNotReady: WhyNotReady = () => undefined,
): Promise<HttpEndpoint> {
  const colon = address.lastIndexOf(":");
  const digits = address.slice(colon + 1);
  const port = Number(digits);
  if (colon === -1 || !/^\d{1,5}$/.test(digits) || port > 65535) {
    throw new StatusError("INVALID_ARGUMENT", `--http-endpoint ${address} is not HOST:PORT`);
  }
  const server = createServer((request, response) => {
    void answer(request.url ?? "/", response, metrics, whyNotReady());
  });
  server.listen(port, ...(colon === 0 ? [] : [address.slice(0, colon).replace(/^\[|\]$/g, "")]));
  await once(server, "listening");
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(
  url: string,
  response: ServerResponse,
  { registry }: Metrics,
  notReady: string | undefined,
): Promise<void> {
  switch (url) {
    case "/readyz":
      if (notReady !== undefined) {
        response.writeHead(503).end(`${notReady}\n`);
        return;
      }
      response.end("ok\n");
      return;
    case "/healthz":
      response.end("ok\n");
      return;
    case "/metrics":
      response.setHeader("Content-Type", registry.contentType).end(await registry.metrics());
      return;
    default:
      response.writeHead(404).end("not found\n");
  }
}
