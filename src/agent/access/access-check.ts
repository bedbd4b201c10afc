import type { FastifyReply, FastifyRequest } from "fastify";
import { API_KEY_HEADER } from "../../agent-client/headers.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics, RefusalReason } from "../../kit/metrics.ts";
import { type AccessKey, type Role, roleAllows } from "./access-key.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Throttle } from "./throttle.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The key that the caller showed; null on an open path. */
    accessKey: AccessKey | null;
  }
  interface FastifyContextConfig {
    /** What the route asks of a key; by default `read` for what only looks, else `operate`. */
    role?: Role;
    /** True for a route that needs no key. */
    open?: true;
  }
}

/** One text for a missing and a wrong key: what is wrong with it helps only those who guess. */
const KEY_REFUSED = "a valid API key is required";
const READS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Lets a request pass whose key may do what the route does, and notes the key on the request.
 * @throws StatusError UNAUTHENTICATED, PERMISSION_DENIED; UNAVAILABLE with status 429 for an address that guesses.
 */
export type AccessCheck = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export function accessCheck(keys: KeyRing, throttle: Throttle, metrics: Metrics, log: Log): AccessCheck {
  function note(reason: RefusalReason, { ip, method, routeOptions }: FastifyRequest, key?: AccessKey): void {
    metrics.unauthorized.inc({ reason });
    log.warn(
      { address: ip, method, route: routeOptions.url, key: key?.name, reason },
      "a REST call was refused",
    );
  }

  return async (request, reply) => {
    const { config } = request.routeOptions;
    if (config.open === true) return;
    const { ip } = request;
    const sent = sentKey(request);
    const key = sent === undefined ? undefined : keys.find(sent);
    const wait = await throttle.secondsToWait(ip);
    if (wait > 0 && !(key !== undefined && throttle.isKnown(ip, key.name))) {
      note("throttled", request);
      reply.code(429).header("retry-after", wait);
      throw new StatusError("UNAVAILABLE", `too many wrong API keys came from this address: wait ${wait} s`);
    }
    if (sent === undefined) {
      note("missing-key", request);
      reply.header("www-authenticate", "Bearer");
      throw new StatusError("UNAUTHENTICATED", KEY_REFUSED);
    }
    if (key === undefined) {
      await throttle.failed(ip);
      note("wrong-key", request);
      throw new StatusError("PERMISSION_DENIED", KEY_REFUSED);
    }
    throttle.passed(ip, key.name);
    const needed = config.role ?? (READS.has(request.method) ? "read" : "operate");
    if (!roleAllows(key.role, needed)) {
      note("role", request, key);
      const message = `key ${key.name} has the role ${key.role}; this needs ${needed}`;
      throw new StatusError("PERMISSION_DENIED", message);
    }
    request.accessKey = key;
  };
}

/** The key of `X-Api-Key` or `Authorization: Bearer`; two that differ are none that could be right. */
function sentKey({ headers }: FastifyRequest): string | undefined {
  const bearer = /^bearer +(.*)$/i.exec(headers.authorization ?? "")?.[1]?.trim();
  const own = headers[API_KEY_HEADER];
  if (typeof own !== "string") return bearer;
  return bearer === undefined || bearer === own ? own : "";
}
