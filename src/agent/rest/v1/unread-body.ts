import type { FastifyReply, FastifyRequest } from "fastify";
import { VolumesApiError } from "./refusals.ts";

/**
 * Refuses a body that asks for something where none is read: a client that names a volume there beside the one of the
 * path must not be told that all is done. `{}` and `null` ask for nothing.
 */
export function refuseUnreadBody(
  { routeOptions, body }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  done(routeOptions.schema?.body === undefined ? problemOf(body) : undefined);
}

function problemOf(body: unknown): VolumesApiError | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body !== "object" || Array.isArray(body)) {
    return new VolumesApiError("MALFORMED", "no body is taken here");
  }
  const [name] = Object.keys(body);
  if (name === undefined) return undefined;
  return new VolumesApiError(
    "UNKNOWN_PARAMETER",
    `unknown parameter ${name.slice(0, 128)}: no body is taken here`,
  );
}
