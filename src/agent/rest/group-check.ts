import type { FastifyReply, FastifyRequest } from "fastify";
import { EXPECTED_GROUP_HEADER, MISDIRECTED } from "../../agent-client/headers.ts";
import { StatusError } from "../../kit/errors.ts";

/** The agent's group, then names that it had before. */
export type ServedGroups = readonly [string, ...string[]];

/**
 * Refuses a request that is meant for the agent of another group, before anything is looked at, its key too: here a volume
 * of that group would pass for deleted. Who names no group is served.
 * @throws StatusError UNAVAILABLE, with status 421
 */
export function groupCheck(groups: ServedGroups): (request: FastifyRequest, reply: FastifyReply) => void {
  return ({ headers }, reply) => {
    const expected = headers[EXPECTED_GROUP_HEADER];
    if (expected === undefined || (typeof expected === "string" && groups.includes(expected))) return;
    reply.code(MISDIRECTED);
    const asked = String(expected).slice(0, 64);
    throw new StatusError("UNAVAILABLE", `the agent at this address serves group ${groups[0]}, not ${asked}`);
  };
}
