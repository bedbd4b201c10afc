import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { API_KEY_HEADER } from "../../agent-client/headers.ts";
import { errorTable, StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Engine } from "../engine/engine.ts";
import type { KeyCheck } from "./api-key.ts";
import { attachmentRoutes } from "./attachment-routes.ts";
import { hostRoutes } from "./host-routes.ts";
import { poolRoutes } from "./pool-routes.ts";
import { parseQuery } from "./query.ts";
import { snapshotRoutes } from "./snapshot-routes.ts";
import { transferRoutes } from "./transfer-routes.ts";
import { volumeRoutes } from "./volume-routes.ts";

/** Longest path segment that reaches the rules, which then refuse it by name. */
const LONGEST_SEGMENT = 12 * 1024;
const OPEN_PATHS = new Set(["/healthz", "/readyz"]);
/** One text for a missing and a wrong key: what is wrong with it helps only those who guess. */
const KEY_REFUSED = "a valid API key is required";

/** The agent's REST server, not yet listening. */
export function createRestServer(
  engine: Engine,
  keyIsRight: KeyCheck,
  metrics: Metrics,
  log: Log,
): FastifyInstance {
  /** Why a request may not be served, or undefined. */
  function refusalOf({ url, headers, ip, method }: FastifyRequest): StatusError | undefined {
    if (OPEN_PATHS.has(url)) return undefined;
    const sent = headers[API_KEY_HEADER];
    if (typeof sent === "string" && keyIsRight(sent)) return undefined;
    metrics.unauthorized.inc();
    log.warn({ address: ip, method }, "a REST call was refused: missing or wrong API key");
    return new StatusError(sent === undefined ? "UNAUTHENTICATED" : "PERMISSION_DENIED", KEY_REFUSED);
  }

  function answerError(thrown: unknown, reply: FastifyReply): FastifyReply {
    const error = statusErrorOf(thrown);
    const row = errorTable[error.code];
    if (row.http === 500) log.error({ err: error }, "a REST call failed");
    return reply.code(row.http).send({ code: row.grpc, message: error.message });
  }

  const server = fastify({
    routerOptions: { maxParamLength: LONGEST_SEGMENT, querystringParser: parseQuery },
    bodyLimit: 64 * 1024,
    requestTimeout: 150_000,
    // A path that can't be decoded meets no hook.
    frameworkErrors: (error, request, reply) => {
      answerError(refusalOf(request) ?? error, reply);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  server.addHook("onRequest", (request, _reply, done) => {
    // No operation has a body: whatever a client sends, even a type that is none, is not looked at.
    delete request.headers["content-type"];
    done(refusalOf(request));
  });

  // The router takes an empty segment for a value: `DELETE /volume/` must not pass for a deleted volume.
  server.addHook("preValidation", (request, reply, done) => {
    if (Object.values(request.params as object).includes("")) reply.callNotFound();
    else done();
  });

  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => {
    done(null, undefined);
  });

  // Not NOT_FOUND: a client would take a route that an older agent lacks for a volume that is gone.
  server.setNotFoundHandler((request, reply) => {
    const message = `this API has no ${request.method} ${request.url.slice(0, 256)}`;
    return reply.code(404).send({ code: errorTable.UNIMPLEMENTED.grpc, message });
  });

  server.setErrorHandler((thrown, _request, reply) => answerError(thrown, reply));

  server.get("/healthz", () => ({ status: "ok" }));
  server.get("/readyz", () => ({ status: "ok" }));
  server.get("/metrics", async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  volumeRoutes(server, engine);
  attachmentRoutes(server, engine);
  snapshotRoutes(server, engine);
  poolRoutes(server, engine);
  transferRoutes(server, engine);
  hostRoutes(server, engine);
  return server;
}

function statusErrorOf(thrown: unknown): StatusError {
  const status = (thrown as { statusCode?: number }).statusCode;
  if (thrown instanceof Error && status !== undefined && status >= 400 && status < 500) {
    return new StatusError("INVALID_ARGUMENT", thrown.message.slice(0, 512), thrown);
  }
  return StatusError.from(thrown);
}
