import type { FastifyReply } from "fastify";
import { MISDIRECTED } from "../../agent-client/headers.ts";
import { errorTable, StatusError } from "../../kit/errors.ts";

/** What went wrong with a request as the one error of the edges; what the framework refused is the client's fault. */
export function failureOf(thrown: unknown): StatusError {
  const status = (thrown as { statusCode?: number }).statusCode;
  if (thrown instanceof Error && status !== undefined && status >= 400 && status < 500) {
    return new StatusError("INVALID_ARGUMENT", thrown.message.slice(0, 512), thrown);
  }
  return StatusError.from(thrown);
}

/** The HTTP status of a failed request: its code's, unless a status that says more was set already. */
export function failureStatus({ code }: StatusError, { statusCode }: FastifyReply): number {
  return statusCode === 429 || statusCode === MISDIRECTED ? statusCode : errorTable[code].http;
}
