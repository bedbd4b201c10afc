import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance, FastifyReply, FastifySchemaValidationError } from "fastify";
import { errorTable } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Engine } from "../engine/engine.ts";
import { attachmentRoutes } from "./attachment-routes.ts";
import { careRoutes } from "./care-routes.ts";
import { failureOf, failureStatus } from "./failure.ts";
import { hostRoutes } from "./host-routes.ts";
import { poolRoutes } from "./pool-routes.ts";
import { spellQuery } from "./query.ts";
import { snapshotGroupRoutes } from "./snapshot-group-routes.ts";
import { snapshotRoutes } from "./snapshot-routes.ts";
import { transferRoutes } from "./transfer-routes.ts";
import { volumeRoutes } from "./volume-routes.ts";

/** No operation reads a body: one that is larger is a mistake, and is told. */
const MOST_IGNORED_BYTES = 64 * 1024;

/** The volume service API, as a plugin that keeps its ways to itself. */
export function volumeService(engine: Engine, log: Log): (scope: FastifyInstance) => Promise<void> {
  return async (scope) => {
    const server = scope.withTypeProvider<TypeBoxTypeProvider>();

    // No operation has a body: whatever a client sends, even a type that is none, is not looked at.
    server.addHook("onRequest", (request, _reply, done) => {
      delete request.headers["content-type"];
      done();
    });
    server.removeAllContentTypeParsers();
    server.addContentTypeParser(
      "*",
      { parseAs: "buffer", bodyLimit: MOST_IGNORED_BYTES },
      (_request, _body, done) => {
        done(null, undefined);
      },
    );

    server.addHook("preValidation", (request, reply, done) => {
      // The router takes an empty segment for a value: `DELETE /volume/` must not pass for a deleted volume.
      if (Object.values(request.params as object).includes("")) {
        reply.callNotFound();
        return;
      }
      request.query = spellQuery(request);
      done();
    });
    server.setSchemaErrorFormatter(([error]) => new Error(parameterProblem(error)));
    server.setErrorHandler((thrown, _request, reply) => answerFailure(thrown, reply, log));

    volumeRoutes(server, engine);
    attachmentRoutes(server, engine);
    snapshotRoutes(server, engine);
    snapshotGroupRoutes(server, engine);
    poolRoutes(server, engine);
    careRoutes(server, engine);
    transferRoutes(server, engine);
    hostRoutes(server, engine);
    await Promise.resolve();
  };
}

/** Answers a failed request as this API does: the gRPC status number, and a text for people. */
export function answerFailure(thrown: unknown, reply: FastifyReply, log: Log): FastifyReply {
  const error = failureOf(thrown);
  const status = failureStatus(error, reply);
  if (status === 500) log.error({ err: error }, "a REST call failed");
  return reply.code(status).send({ code: errorTable[error.code].grpc, message: error.message });
}

/** `NAME is not …`, in the words in which the API's description tells what it is. */
function parameterProblem(error: FastifySchemaValidationError | undefined): string {
  if (error === undefined) return "a parameter is wrong";
  const { instancePath, params, message, parentSchema } = error as FastifySchemaValidationError & {
    parentSchema?: { description?: string };
  };
  if (typeof params["missingProperty"] === "string") return `${params["missingProperty"]} is missing`;
  const name = instancePath.split("/")[1] ?? "a parameter";
  const wanted = parentSchema?.description;
  return wanted === undefined ? `${name} ${message ?? "is wrong"}` : `${name} is not ${wanted}`;
}
