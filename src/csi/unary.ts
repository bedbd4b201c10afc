import { randomUUID } from "node:crypto";
import type { handleUnaryCall, ServerUnaryCall } from "@grpc/grpc-js";
import { startBudget } from "../kit/budget.ts";
import { DEFAULT_BUDGET_MS, shrinkBudget } from "../kit/deadline.ts";
import { StatusError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { beginCall } from "./call-log.ts";
import type { CsiCall } from "./rpc.ts";
import { serviceError } from "./service-error.ts";

type Handler = (request: unknown, call: CsiCall) => Promise<unknown>;

/** Gives one RPC its deadline, request id, log line, metric and gRPC status. */
export function unary(
  method: string,
  handler: Handler,
  metrics: Metrics,
  log: Log,
): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    const ms = shrinkBudget(Math.min(remainingOf(call), DEFAULT_BUDGET_MS));
    const budget = startBudget(ms);
    call.once("cancelled", budget.cancel);
    const requestId = randomUUID();
    const finish = beginCall(method, call.request, requestId, metrics, log);
    const context: CsiCall = { signal: budget.signal, requestId, deadline: performance.now() + ms };
    handler(call.request, context).then(
      (response) => {
        budget.done();
        finish("OK");
        callback(null, response);
      },
      (thrown: unknown) => {
        const error = StatusError.from(thrown);
        budget.done();
        finish(error.code, error);
        callback(serviceError(error));
      },
    );
  };
}

function remainingOf(call: ServerUnaryCall<unknown, unknown>): number {
  const deadline = call.getDeadline();
  return (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
}
