import type { ErrorCode } from "../../../kit/errors.ts";

/**
 * Why something is refused, as the API numbers it (`error` of an item), and the HTTP status when it is the whole request.
 * 8 is certain; the others are the numbers that this API's clients know.
 */
export const refusals = {
  NOT_SUPPORTED: { number: 1, http: 404 },
  WRONG_METHOD: { number: 2, http: 405 },
  NO_ENDPOINT: { number: 3, http: 404 },
  TOO_MANY: { number: 5, http: 400 },
  UNKNOWN_PARAMETER: { number: 6, http: 400 },
  INVALID: { number: 7, http: 400 },
  NOT_FOUND: { number: 8, http: 404 },
  NONE_FREE: { number: 9, http: 409 },
  FAILED: { number: 10, http: 500 },
  WRONG_INSTANCE_STATE: { number: 11, http: 409 },
  TIMED_OUT: { number: 12, http: 409 },
  MISSING_ID: { number: 13, http: 400 },
  NOT_ALLOWED: { number: 14, http: 403 },
  ATTACHED: { number: 15, http: 409 },
  MALFORMED: { number: 16, http: 400 },
  NOT_BOTH: { number: 17, http: 400 },
  QUOTA: { number: 19, http: 507 },
  NOT_ATTACHED: { number: 21, http: 409 },
  TOO_LONG: { number: 22, http: 400 },
  EXISTS: { number: 23, http: 409 },
  UNUSABLE: { number: 24, http: 409 },
} as const satisfies Record<string, { number: number; http: number }>;

export type Refusal = keyof typeof refusals;

/** A refusal that this API has a number of its own for. */
export class VolumesApiError extends Error {
  override readonly name = "VolumesApiError";
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.refusal = refusal;
  }
}

/** What the engine's errors are to this API, where an operation does not know better. */
export const refusalOf: Readonly<Record<ErrorCode, Refusal>> = {
  CANCELLED: "TIMED_OUT",
  UNKNOWN: "FAILED",
  INVALID_ARGUMENT: "INVALID",
  DEADLINE_EXCEEDED: "TIMED_OUT",
  NOT_FOUND: "NOT_FOUND",
  ALREADY_EXISTS: "EXISTS",
  PERMISSION_DENIED: "NOT_ALLOWED",
  RESOURCE_EXHAUSTED: "QUOTA",
  FAILED_PRECONDITION: "UNUSABLE",
  ABORTED: "TIMED_OUT",
  OUT_OF_RANGE: "INVALID",
  UNIMPLEMENTED: "NOT_SUPPORTED",
  INTERNAL: "FAILED",
  UNAVAILABLE: "FAILED",
  DATA_LOSS: "FAILED",
  UNAUTHENTICATED: "NOT_ALLOWED",
};
