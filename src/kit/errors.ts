/**
 * The one error table: every failure that crosses an edge (gRPC, REST, CLI) carries one of these codes.
 * gRPC numbers: https://grpc.github.io/grpc/core/md_doc_statuscodes.html; HTTP as in the volume service API,
 * with RESOURCE_EXHAUSTED and ABORTED told apart from a server fault.
 */
export const errorTable = {
  CANCELLED: { grpc: 1, http: 499, retryable: true },
  UNKNOWN: { grpc: 2, http: 500, retryable: true },
  INVALID_ARGUMENT: { grpc: 3, http: 400, retryable: false },
  DEADLINE_EXCEEDED: { grpc: 4, http: 504, retryable: true },
  NOT_FOUND: { grpc: 5, http: 404, retryable: false },
  ALREADY_EXISTS: { grpc: 6, http: 409, retryable: false },
  PERMISSION_DENIED: { grpc: 7, http: 403, retryable: false },
  RESOURCE_EXHAUSTED: { grpc: 8, http: 507, retryable: true },
  FAILED_PRECONDITION: { grpc: 9, http: 412, retryable: false },
  ABORTED: { grpc: 10, http: 409, retryable: true },
  OUT_OF_RANGE: { grpc: 11, http: 400, retryable: false },
  UNIMPLEMENTED: { grpc: 12, http: 501, retryable: false },
  INTERNAL: { grpc: 13, http: 500, retryable: false },
  UNAVAILABLE: { grpc: 14, http: 503, retryable: true },
  DATA_LOSS: { grpc: 15, http: 500, retryable: false },
  UNAUTHENTICATED: { grpc: 16, http: 401, retryable: false },
} as const satisfies Record<string, { grpc: number; http: number; retryable: boolean }>;

export type ErrorCode = keyof typeof errorTable;

const codeByGrpcNumber = new Map<number, ErrorCode>(
  (Object.keys(errorTable) as ErrorCode[]).map((code) => [errorTable[code].grpc, code]),
);

/** Name of a gRPC status number; UNKNOWN for a number outside the table. */
export function errorCodeOfGrpc(number: number): ErrorCode {
  return codeByGrpcNumber.get(number) ?? "UNKNOWN";
}

/** errno → code, for failures of the file system under a pool or a mount. */
const errnoCodes: ReadonlyMap<unknown, ErrorCode> = new Map<unknown, ErrorCode>([
  ["ENOSPC", "RESOURCE_EXHAUSTED"],
  ["EDQUOT", "RESOURCE_EXHAUSTED"],
  ["EFBIG", "OUT_OF_RANGE"],
  ["EMFILE", "RESOURCE_EXHAUSTED"],
  ["ENFILE", "RESOURCE_EXHAUSTED"],
  ["EROFS", "UNAVAILABLE"],
  ["EIO", "UNAVAILABLE"],
  ["ESTALE", "UNAVAILABLE"],
  ["EBUSY", "FAILED_PRECONDITION"],
  ["ENAMETOOLONG", "INVALID_ARGUMENT"],
]);

/** The only error class that crosses an edge. `message` is for people; it never carries a secret. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** Converts whatever was thrown, once, at an edge. The original stays as `cause`. */
  static from(thrown: unknown): StatusError {
    if (thrown instanceof StatusError) return thrown;
    if (!(thrown instanceof Error)) return new StatusError("INTERNAL", textOf(thrown), thrown);
    if (thrown.name === "TimeoutError") return new StatusError("DEADLINE_EXCEEDED", thrown.message, thrown);
    if (thrown.name === "AbortError") return new StatusError("CANCELLED", thrown.message, thrown);
    const code = errnoCodes.get((thrown as NodeJS.ErrnoException).code);
    return new StatusError(code ?? "INTERNAL", thrown.message, thrown);
  }
}

/** What was thrown, as text; some objects have none. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something that is no error was thrown";
  }
}

/** True when the error is a file system's "there is no such file". */
export function isNotFound(thrown: unknown): boolean {
  return hasErrno(thrown, "ENOENT");
}

/** True when `thrown` is a system error with this errno name. */
export function hasErrno(thrown: unknown, ...names: string[]): boolean {
  return (
    thrown instanceof Error &&
    "code" in thrown &&
    typeof thrown.code === "string" &&
    names.includes(thrown.code)
  );
}
