import type { FastifyInstance } from "fastify";
import { VolumesApiError } from "./refusals.ts";

/** The methods of each path, without the prefix of its plugin. */
export type RouteMethods = Map<string, string[]>;

/**
 * Answers methods that a path does not have with 405, and those that it has. Only a route of their own keeps
 * `DELETE /volumes/list` from the one that takes `list` for a volume.
 */
export function refuseWrongMethods(server: FastifyInstance, methodsOf: RouteMethods): void {
  for (const [url, methods] of [...methodsOf]) {
    const allowed = [...new Set(methods)].join(", ");
    server.route({
      method: server.supportedMethods.filter((method) => !methods.includes(method)),
      url,
      schema: { hide: true },
      // Before the body, which such a request may have in any form.
      onRequest: (request, reply, done) => {
        reply.header("allow", allowed);
        done(new VolumesApiError("WRONG_METHOD", `${url} has no ${request.method}; there is ${allowed}`));
      },
      handler: () => undefined,
    });
  }
}
