import type { StatusError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";

/** RPCs that sidecars and kubelet repeat all day and that change nothing. */
const READS = /^(Get|List|Probe|Validate|ControllerGet|ControllerList|NodeGet|GroupControllerGet)/;

/** Notes the end of a call, in metrics and log; to be called once. */
export type Finish = (code: string, error?: StatusError) => void;

/** Begins a call of an RPC. */
export function beginCall(
  method: string,
  request: unknown,
  requestId: string,
  metrics: Metrics,
  log: Log,
): Finish {
  const started = performance.now();
  const level = READS.test(method) ? "debug" : "info";
  return (code, error) => {
    const ms = performance.now() - started;
    metrics.rpcSeconds.observe({ method, code }, ms / 1000);
    const line = { method, ...subjectOf(request), code, ms: Math.round(ms), requestId };
    if (error === undefined) log[level](line, method);
    else
      log.warn(
        { ...line, err: error.code === "INTERNAL" ? error : undefined },
        `${method}: ${error.message}`,
      );
  };
}

/** The fields of a request that say what it is about. None of them can be a secret. */
function subjectOf(request: unknown): Record<string, unknown> {
  const fields = request as Record<string, unknown>;
  const subject: Record<string, unknown> = {};
  for (const name of [
    ...["name", "volume_id", "node_id", "staging_target_path", "target_path", "volume_path"],
    ...["snapshot_id", "source_volume_id", "group_snapshot_id", "base_snapshot_id", "target_snapshot_id"],
  ]) {
    if (fields[name] !== undefined && fields[name] !== "") subject[name] = fields[name];
  }
  return subject;
}
