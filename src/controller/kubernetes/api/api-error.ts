import { isAxiosError } from "axios";
import { reasonOf } from "../../../agent-client/connection.ts";
import { isMapping } from "../../../kit/config.ts";
import { type ErrorCode, StatusError } from "../../../kit/errors.ts";

/** HTTP statuses of the API server that mean something of their own to us. */
const codes: Readonly<Record<number, ErrorCode>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  // Somebody else was faster: to be read and decided anew.
  409: "ABORTED",
  // The changes since then are not kept any more.
  410: "OUT_OF_RANGE",
  // An object that is not valid; a JSON patch whose test did not hold.
  422: "FAILED_PRECONDITION",
};

/** What the API server answered. Without an answer a failure is a plain StatusError. */
export class AnsweredError extends StatusError {}

/** Why a request to the API server failed, without the request: that carries the token. */
export function apiError(error: unknown, what: string): StatusError {
  if (!isAxiosError(error)) return StatusError.from(error);
  if (error.response === undefined) {
    if (error.code === "ERR_CANCELED")
      return new StatusError("CANCELLED", `${what}: the API server did not answer in time`);
    return new StatusError("UNAVAILABLE", `${what}: the API server can't be reached: ${reasonOf(error)}`);
  }
  return statusError(error.response.data, error.response.status, what);
}

/** As the API server says it: a Status object, in an answer or in a watch. */
export function statusError(data: unknown, http: number, what: string): AnsweredError {
  const { message, reason } = isMapping(data) ? data : {};
  const code = reason === "AlreadyExists" ? "ALREADY_EXISTS" : (codes[http] ?? "UNAVAILABLE");
  const text = typeof message === "string" && message !== "" ? message : `HTTP ${http}`;
  return new AnsweredError(code, `${what}: ${text}`);
}
