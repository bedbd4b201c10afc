import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { errorTable } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import { accessCheck } from "../access/access-check.ts";
import type { KeyRing } from "../access/key-ring.ts";
import { defaultThrottle, Throttle, type ThrottleSettings } from "../access/throttle.ts";
import type { Engine } from "../engine/engine.ts";
import type { Certificate } from "../tls/certificate.ts";
import { answerClientError } from "./client-error.ts";
import { docsRoutes } from "./docs/docs-routes.ts";
import { drainOnClose } from "./drain.ts";
import { groupCheck, type ServedGroups } from "./group-check.ts";
import { healthRoutes } from "./health-routes.ts";
import { inFlightCheck } from "./in-flight.ts";
import { createListener, defaultLimits, type RestLimits } from "./listener.ts";
import { describeRoutes, openApiRoute } from "./openapi.ts";
import { parseQuery } from "./query.ts";
import { answerV1Error } from "./v1/envelope.ts";
import { defaultVolumesApiSettings, type VolumesApiSettings } from "./v1/settings.ts";
import { volumesApiV1 } from "./v1/volumes-api.ts";
import { answerFailure, volumeService } from "./volume-service.ts";

/** Longest path segment that reaches the rules, which then refuse it by name. */
const LONGEST_SEGMENT = 12 * 1024;
const MOST_BODY_BYTES = 256 * 1024;

/** How the REST APIs are served. */
export interface RestSettings {
  readonly groups: ServedGroups;
  readonly certificate: Certificate | undefined;
  readonly throttle: ThrottleSettings;
  readonly limits: RestLimits;
  readonly volumesApi: VolumesApiSettings;
}

export const defaultRestSettings: Omit<RestSettings, "groups"> = {
  certificate: undefined,
  throttle: defaultThrottle,
  limits: defaultLimits,
  volumesApi: defaultVolumesApiSettings,
};

/** The agent's REST server, not yet listening. */
export function createRestServer(
  engine: Engine,
  keys: KeyRing,
  settings: RestSettings,
  metrics: Metrics,
  log: Log,
): FastifyInstance {
  const checkAccess = accessCheck(keys, new Throttle(settings.throttle, keys), metrics, log);
  const checkGroup = groupCheck(settings.groups);
  const admit = async (request: FastifyRequest, reply: FastifyReply) => {
    checkGroup(request, reply);
    await checkAccess(request, reply);
  };
  const checkInFlight = inFlightCheck(settings.limits.requestsInFlight);

  const server = fastify({
    serverFactory: (handler) => createListener(settings.certificate, settings.limits, handler),
    routerOptions: { maxParamLength: LONGEST_SEGMENT, querystringParser: parseQuery },
    bodyLimit: MOST_BODY_BYTES,
    clientErrorHandler: answerClientError,
    ajv: { customOptions: { verbose: true } },
    // A path that can't be decoded meets no hook.
    frameworkErrors: (error, request, reply) => {
      const answer = (failure: unknown) => {
        if (request.url.startsWith("/v1/")) answerV1Error(failure, reply);
        else answerFailure(failure, reply, log);
      };
      admit(request, reply).then(() => {
        answer(error);
      }, answer);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  // The Volumes API v1 has bodies on GET too.
  server.addHttpMethod("GET", { hasBody: true, overrideExisting: true });
  drainOnClose(server);
  server.decorateRequest("accessKey", null);
  server.addHook("onRequest", async (request, reply) => {
    await admit(request, reply);
    checkInFlight(request, reply);
  });

  // Not NOT_FOUND: a client would take a route that an older agent lacks for a volume that is gone.
  server.setNotFoundHandler((request, reply) => {
    const message = `this API has no ${request.method} ${request.url.slice(0, 256)}`;
    return reply.code(404).send({ code: errorTable.UNIMPLEMENTED.grpc, message });
  });
  server.setErrorHandler((thrown, _request, reply) => answerFailure(thrown, reply, log));

  // Plugins load in order: what is registered first describes all that follow.
  void server.register(async (root) => {
    await describeRoutes(root);
    await root.register(volumeService(engine, log));
    await root.register(volumesApiV1(engine, settings.volumesApi), { prefix: "/v1" });
    healthRoutes(root.withTypeProvider<TypeBoxTypeProvider>(), engine, metrics);
    openApiRoute(root);
    docsRoutes(root);
  });
  return server;
}
