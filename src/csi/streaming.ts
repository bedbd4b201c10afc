import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { handleServerStreamingCall } from "@grpc/grpc-js";
import { StatusError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { beginCall } from "./call-log.ts";
import { serviceError } from "./service-error.ts";

/** What a call that answers in parts brings along: no end but its caller's. */
export interface StreamCall {
  /** Ends when the caller hangs up or its deadline is over. */
  readonly signal: AbortSignal;
  readonly requestId: string;
}

type Handler = (request: unknown, call: StreamCall) => AsyncIterable<unknown>;

/** Gives an RPC that answers in parts its request id, log line, metric and gRPC status; it waits for a slow reader. */
export function streaming(
  method: string,
  handler: Handler,
  metrics: Metrics,
  log: Log,
): handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    const gone = new AbortController();
    call.once("cancelled", () => {
      gone.abort(new StatusError("CANCELLED", "the caller is gone"));
    });
    const { signal } = gone;
    const requestId = randomUUID();
    const finish = beginCall(method, call.request, requestId, metrics, log);
    const send = async () => {
      for await (const part of handler(call.request, { signal, requestId })) {
        signal.throwIfAborted();
        if (!call.write(part)) await once(call, "drain", { signal });
      }
    };
    send().then(
      () => {
        finish("OK");
        call.end();
      },
      (thrown: unknown) => {
        const error = StatusError.from(signal.aborted ? signal.reason : thrown);
        finish(error.code, error);
        call.emit("error", serviceError(error));
      },
    );
  };
}
