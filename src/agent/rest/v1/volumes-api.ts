import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import type { Engine } from "../../engine/engine.ts";
import { attachVolumesRoutes } from "./attach-volumes.ts";
import { cloneVolumesRoutes } from "./clone-volumes.ts";
import { createVolumesRoute } from "./create-volumes.ts";
import { deleteVolumesRoutes } from "./delete-volumes.ts";
import { detachVolumesRoutes } from "./detach-volumes.ts";
import { answerV1Error, beginOperation } from "./envelope.ts";
import { getVolumesRoutes } from "./get-volumes.ts";
import { parseJsonBody } from "./json-body.ts";
import { listVolumesRoute } from "./list-volumes.ts";
import { NewNames } from "./new-names.ts";
import { quotasRoute } from "./quotas.ts";
import { VolumesApiError } from "./refusals.ts";
import type { VolumesApiSettings } from "./settings.ts";
import { strictValidation } from "./strict-validation.ts";
import { refuseUnreadBody } from "./unread-body.ts";
import { updateVolumesRoutes } from "./update-volumes.ts";
import { refuseWrongMethods, type RouteMethods } from "./wrong-methods.ts";

/** 256 items with sixteen long tags each fit. */
const MOST_BODY_BYTES = 2 * 1024 * 1024;

/** The Volumes API v1, as a plugin that keeps its ways to itself. */
export function volumesApiV1(
  engine: Engine,
  settings: VolumesApiSettings,
): (scope: FastifyInstance) => Promise<void> {
  return async (scope) => {
    const server = scope.withTypeProvider<TypeBoxTypeProvider>();
    server.setValidatorCompiler(strictValidation);
    server.setErrorHandler((thrown, _request, reply) => answerV1Error(thrown, reply));

    server.addHook("onRequest", (request, reply, done) => {
      beginOperation(reply);
      // Whatever type a client says it sends: this API has JSON alone.
      request.headers["content-type"] = "application/json";
      // Before the body, whose form says nothing about an endpoint that there is not.
      done(request.is404 ? noEndpoint(request) : undefined);
    });
    server.addHook("preValidation", refuseUnreadBody);
    server.setNotFoundHandler((request, reply) => answerV1Error(noEndpoint(request), reply));
    server.removeAllContentTypeParsers();
    server.addContentTypeParser(
      "application/json",
      { parseAs: "buffer", bodyLimit: MOST_BODY_BYTES },
      (_request, body, done) => {
        try {
          done(null, parseJsonBody(body as Buffer));
        } catch (error) {
          done(error as Error);
        }
      },
    );

    const methods: RouteMethods = new Map();
    server.addHook("onRoute", ({ routePath, method }) => {
      methods.set(routePath, [...(methods.get(routePath) ?? []), ...[method].flat()]);
    });
    const names = new NewNames(engine);
    createVolumesRoute(server, engine, names);
    cloneVolumesRoutes(server, engine, names);
    getVolumesRoutes(server, engine);
    listVolumesRoute(server, engine);
    attachVolumesRoutes(server, engine, settings);
    detachVolumesRoutes(server, engine);
    deleteVolumesRoutes(server, engine);
    updateVolumesRoutes(server, engine);
    quotasRoute(server, engine);
    refuseTemplates(server);
    refuseWrongMethods(server, methods);
    await Promise.resolve();
  };
}

function noEndpoint({ method, url }: { method: string; url: string }): VolumesApiError {
  return new VolumesApiError("NO_ENDPOINT", `this API has no ${method} ${url.slice(0, 256)}`);
}

/** Volumes are made of nothing or cloned from one another; said by name, because some clients have templates. */
function refuseTemplates(server: FastifyInstance): void {
  for (const url of ["/volumes/templates", "/volumes/templates/:uuid"]) {
    server.route({
      method: ["GET", "POST", "PATCH", "DELETE"],
      url,
      schema: { hide: true },
      onRequest: (_request, _reply, done) => {
        done(new VolumesApiError("NOT_SUPPORTED", "not supported: there are no templates; clone a volume"));
      },
      handler: () => undefined,
    });
  }
}
