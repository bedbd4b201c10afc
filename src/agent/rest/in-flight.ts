import type { FastifyReply, FastifyRequest } from "fastify";
import { StatusError } from "../../kit/errors.ts";

/**
 * Counts requests that are at work, and refuses more than a host can serve at once: a queue of strangers would only make
 * all of them late. Health and metrics always pass, else a busy agent would look dead.
 * @throws StatusError UNAVAILABLE, with when to come back
 */
export function inFlightCheck(most: number): (request: FastifyRequest, reply: FastifyReply) => void {
  let running = 0;
  return ({ routeOptions }, reply) => {
    if (routeOptions.config.alwaysServed === true) return;
    if (running >= most) {
      reply.header("retry-after", 1);
      throw new StatusError("UNAVAILABLE", `the agent serves ${most} requests already: repeat in a second`);
    }
    running++;
    reply.raw.once("close", () => {
      running--;
    });
  };
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** True for a route that is served however many requests are at work. */
    alwaysServed?: true;
  }
}
