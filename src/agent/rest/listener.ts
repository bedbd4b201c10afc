import * as http from "node:http";
import * as https from "node:https";
import type { Certificate } from "../tls/certificate.ts";

/** How much of the agent one client, or all together, can take. */
export interface RestLimits {
  /** Requests at work at the same time; more are told to come back. */
  readonly requestsInFlight: number;
  /** Open connections; more are closed at once. */
  readonly connections: number;
  /** Milliseconds until a request's header, then all of it, must be here: who is slower holds the connection on purpose. */
  readonly headerMs: number;
  readonly requestMs: number;
}

export const defaultLimits: RestLimits = {
  requestsInFlight: 400,
  connections: 2000,
  headerMs: 10_000,
  requestMs: 30_000,
};

/** Longer than any operation is waited for: a client that reads nothing of its answer is cut off. */
const IDLE_MS = 180_000;
const KEEP_ALIVE_MS = 72_000;
const HEADER_BYTES = 16 * 1024;

/** The HTTP server under the REST API: with TLS when there is a certificate. */
export function createListener(
  certificate: Certificate | undefined,
  limits: RestLimits,
  handler: http.RequestListener,
): http.Server {
  const bounds: http.ServerOptions = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: limits.headerMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: limits.headerMs / 2,
  };
  const server =
    certificate === undefined
      ? http.createServer(bounds, handler)
      : https.createServer({ ...bounds, ...secureOptions(certificate) }, handler);
  server.timeout = IDLE_MS;
  server.maxConnections = limits.connections;
  return server;
}

/** Serves new connections with another certificate; those that are open stay. */
export function renewCertificate(server: http.Server, certificate: Certificate): void {
  if (server instanceof https.Server) server.setSecureContext(secureOptions(certificate));
}

function secureOptions({ cert, key, ca }: Certificate): https.ServerOptions {
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return { cert, key, minVersion: "TLSv1.2", ...clients };
}
