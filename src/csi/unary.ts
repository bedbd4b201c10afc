import { randomUUID } from "node:crypto";
import {
  Metadata,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { startBudget } from "../kit/budget.ts";
import { DEFAULT_BUDGET_MS, shrinkBudget } from "../kit/deadline.ts";
import { StatusError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { CsiCall } from "./rpc.ts";

/** RPCs that sidecars and kubelet repeat all day and that change nothing. */
const READS = /^(Get|List|Probe|Validate|ControllerGet|ControllerList|NodeGet|GroupControllerGet)/;

type Handler = (request: unknown, call: CsiCall) => Promise<unknown>;

/** Gives one RPC its deadline, request id, log line, metric and gRPC status. */
export function unary(
  method: string,
  handler: Handler,
  metrics: Metrics,
  log: Log,
): handleUnaryCall<unknown, unknown> {
  const level = READS.test(method) ? "debug" : "info";
  return (call, callback) => {
    const started = performance.now();
    const ms = shrinkBudget(Math.min(remainingOf(call), DEFAULT_BUDGET_MS));
    const budget = startBudget(ms);
    call.once("cancelled", budget.cancel);
    const context: CsiCall = { signal: budget.signal, requestId: randomUUID(), deadline: started + ms };
    const finish = (code: string, error?: StatusError) => {
      budget.done();
      const ms = performance.now() - started;
      metrics.rpcSeconds.observe({ method, code }, ms / 1000);
      const line = {
        method,
        ...subjectOf(call.request),
        code,
        ms: Math.round(ms),
        requestId: context.requestId,
      };
      if (error === undefined) log[level](line, method);
      else
        log.warn(
          { ...line, err: error.code === "INTERNAL" ? error : undefined },
          `${method}: ${error.message}`,
        );
    };
    handler(call.request, context).then(
      (response) => {
        finish("OK");
        callback(null, response);
      },
      (thrown: unknown) => {
        const error = StatusError.from(thrown);
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

/** The fields of a request that say what it is about. None of them can be a secret. */
function subjectOf(request: unknown): Record<string, unknown> {
  const fields = request as Record<string, unknown>;
  const subject: Record<string, unknown> = {};
  for (const name of ["name", "volume_id", "node_id", "staging_target_path", "target_path", "volume_path"]) {
    if (fields[name] !== undefined && fields[name] !== "") subject[name] = fields[name];
  }
  return subject;
}

function serviceError(error: StatusError): ServiceError {
  return Object.assign(new Error(error.message), {
    code: status[error.code],
    details: error.message,
    metadata: new Metadata(),
  });
}
