import { EXPECTED_GROUP_HEADER, MISDIRECTED } from "../../agent-client/headers.ts";
import { ErrorAnswer } from "../../agent-client/wire.ts";
import { type ErrorCode, errorTable } from "../../kit/errors.ts";

/** Why each code is answered, in the words of the API's description. */
const reasons: Partial<Record<ErrorCode, string>> = {
  INVALID_ARGUMENT: "a parameter has a form or value that it can't have",
  OUT_OF_RANGE: "a size or offset that a disk can't have",
  UNAUTHENTICATED: "no API key was sent",
  PERMISSION_DENIED: "the API key is wrong, or its role does not allow this",
  NOT_FOUND: "there is no such thing",
  ALREADY_EXISTS: "the name is taken by something that differs from what was asked for",
  ABORTED: "another change of it runs, or a token is not ours: repeat",
  FAILED_PRECONDITION: "its state does not allow this: attached, in use, protected or damaged",
  RESOURCE_EXHAUSTED: "no room is left in the pool, or no slot in the VM",
  UNAVAILABLE: "a pool or the host can't be reached, or the agent is busy: repeat later",
  DEADLINE_EXCEEDED: "the caller's time is over; the work goes on",
};

/** What every operation can answer. */
const common: readonly ErrorCode[] = [
  "INVALID_ARGUMENT",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "ABORTED",
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
];

/** To a request that names a group. */
export const misdirected = {
  [MISDIRECTED]: {
    ...ErrorAnswer,
    description: `the agent does not serve the group that ${EXPECTED_GROUP_HEADER} names; nothing was done`,
  },
} as const;

/** What is answered before an operation is looked at. */
export const refusedBeforehand = {
  ...misdirected,
  408: { ...ErrorAnswer, description: "the request did not arrive in time" },
  429: { ...ErrorAnswer, description: "too many wrong API keys came from this address" },
  431: { ...ErrorAnswer, description: "the header or the URL is too large" },
};

/** The failures of an operation for its schema's `response`, beside those that all have. */
export function failures(...own: ErrorCode[]): object {
  const codes = [...new Set([...common, ...own])];
  const statuses = Map.groupBy(codes, (code) => errorTable[code].http);
  const described = [...statuses].map(([status, codesOf]) => [
    status,
    {
      ...ErrorAnswer,
      description: codesOf
        .map((code) => `${errorTable[code].grpc} ${code}: ${reasons[code] ?? ""}`)
        .join("; "),
      examples: codesOf.map((code) => ({ code: errorTable[code].grpc, message: reasons[code] })),
    },
  ]);
  return { ...(Object.fromEntries(described) as object), ...refusedBeforehand };
}
