import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance, FastifyRequest } from "fastify";
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
import { updateVolumesRoutes } from "./update-volumes.ts";

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

    // Whatever type a client says it sends: this API has JSON alone.
    server.addHook("onRequest", (request, reply, done) => {
      beginOperation(reply);
      request.headers["content-type"] = "application/json";
      done();
    });
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

    const methods = new Map<string, Set<string>>();
    server.addHook("onRoute", ({ url, method }) => {
      const known = methods.get(url) ?? new Set();
      for (const each of [method].flat()) known.add(each);
      methods.set(url, known);
    });
    server.setNotFoundHandler((request, reply) => answerV1Error(noEndpoint(request, methods), reply));

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
    await Promise.resolve();
  };
}

function noEndpoint(
  { method, url }: FastifyRequest,
  methods: ReadonlyMap<string, Set<string>>,
): VolumesApiError {
  const path = url.split("?", 1)[0] ?? "";
  const known = [...methods].flatMap(([route, of]) => (matches(route, path) ? [...of] : []));
  const text = `${method} ${path.slice(0, 256)}`;
  return known.length === 0
    ? new VolumesApiError("NO_ENDPOINT", `this API has no ${text}`)
    : new VolumesApiError(
        "WRONG_METHOD",
        `this API has no ${text}; there is ${[...new Set(known)].join(", ")}`,
      );
}

function matches(route: string, path: string): boolean {
  const [parts, given] = [route.split("/"), path.split("/")];
  return (
    parts.length === given.length && parts.every((part, at) => part.startsWith(":") || part === given[at])
  );
}

/** Volumes are made of nothing or cloned from one another; said by name, because some clients have templates. */
function refuseTemplates(server: FastifyInstance): void {
  for (const url of ["/volumes/templates", "/volumes/templates/:uuid"]) {
    server.route({
      method: ["GET", "POST", "PATCH", "DELETE"],
      url,
      schema: { hide: true },
      handler: () => {
        throw new VolumesApiError("NOT_SUPPORTED", "not supported: there are no templates; clone a volume");
      },
    });
  }
}
