import type { FastifyReply } from "fastify";
import { StatusError } from "../../../kit/errors.ts";
import { failureStatus } from "../failure.ts";
import type { EnvelopeOf, FailureEnvelope, VolumeResult } from "./answers.ts";
import { type Refusal, refusalOf, refusals, VolumesApiError } from "./refusals.ts";

const NONE_DONE = "Failed to perform all operations";
const SOME_DONE = "Failed to perform some operations";

/** The answer to a request whose items were each done or not: HTTP 200 whatever they came to. */
export function itemsEnvelope<T extends Partial<VolumeResult>>(
  items: T[],
  reply: FastifyReply,
): EnvelopeOf<T> {
  const failed = items.filter(({ status }) => status === "error");
  const rest = { data: { volumes: items }, op_time_us: operationTime(reply) };
  if (failed.length === 0) return { status: "success", ...rest };
  if (failed.length < items.length) return { status: "partial_success", message: SOME_DONE, ...rest };
  return { status: "error", message: `${NONE_DONE}: ${failed[0]?.message ?? ""}`, ...rest };
}

/** The item of a volume that could not be done. */
export function failedItem(
  asked: Pick<VolumeResult, "uuid" | "name" | "id">,
  thrown: unknown,
): VolumeResult & { status: "error" } {
  const { refusal, message } = itemRefusal(thrown);
  return { ...asked, status: "error", message, error: refusals[refusal].number };
}

function itemRefusal(thrown: unknown): { refusal: Refusal; message: string } {
  if (thrown instanceof VolumesApiError) return thrown;
  const { code, message } = StatusError.from(thrown);
  return { refusal: refusalOf[code], message };
}

/** Answers a request that failed as a whole. Also for paths that reach no route. */
export function answerV1Error(thrown: unknown, reply: FastifyReply): FastifyReply {
  const { http, refusal, message } = requestFailure(thrown, reply);
  const envelope: FailureEnvelope = {
    status: "error",
    message,
    errors: [{ status: http, message, error: refusals[refusal].number }],
    data: { volumes: [] },
    op_time_us: operationTime(reply),
  };
  return reply.code(http).type("application/json; charset=utf-8").send(envelope);
}

interface RequestFailure {
  readonly http: number;
  readonly refusal: Refusal;
  readonly message: string;
}

function requestFailure(thrown: unknown, reply: FastifyReply): RequestFailure {
  if (thrown instanceof VolumesApiError) {
    const { refusal, message } = thrown;
    return { http: refusals[refusal].http, refusal, message };
  }
  // What the framework refused is the client's fault.
  const status = thrown instanceof Error ? (thrown as { statusCode?: number }).statusCode : undefined;
  if (thrown instanceof Error && status !== undefined && status >= 400 && status < 500) {
    return {
      http: status,
      refusal: status === 413 ? "TOO_LONG" : "MALFORMED",
      message: thrown.message.slice(0, 512),
    };
  }
  const error = StatusError.from(thrown);
  return { http: failureStatus(error, reply), refusal: refusalOf[error.code], message: error.message };
}

/** When work on a request began, on the clock of performance.now(). */
const begun = new WeakMap<FastifyReply, number>();

/** Notes when work on a request begins: Fastify itself does so only for its own log. */
export function beginOperation(reply: FastifyReply): void {
  begun.set(reply, performance.now());
}

/** Microseconds since then; 0 for a request that was refused before. */
export function operationTime(reply: FastifyReply): number {
  const since = begun.get(reply);
  return since === undefined ? 0 : Math.round((performance.now() - since) * 1000);
}
