import { Gauge, type Registry } from "prom-client";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { pause } from "../../../kit/pause.ts";
import type { Groups } from "../../groups.ts";
import type { Task } from "../leader/task.ts";
import { Lasting } from "./lasting.ts";
import { lookForOrphans, type OrphanParts } from "./look-for-orphans.ts";
import { type Orphan, orphanKinds } from "./orphan.ts";

/** Milliseconds. */
export interface ReportTimes {
  /** From the end of a look to the next. */
  readonly every: number;
  /** For which something has been alone when it is told. */
  readonly grace: number;
}

const usualTimes: ReportTimes = { every: 300_000, grace: 300_000 };

/**
 * Counts what is alone, in metrics, while this replica leads. Looks that did not see everything count for nothing:
 * what was told stays. Nothing is ever changed.
 */
export function orphanReport(
  parts: OrphanParts,
  registry: Registry,
  log: Log,
  { every, grace }: ReportTimes = usualTimes,
): Task {
  const metrics = orphanMetrics(registry);
  return {
    name: "orphan report",
    run: async (signal) => {
      const lasting = new Lasting(grace);
      let began: number | undefined;
      let told = 0;
      try {
        do {
          const now = performance.now();
          try {
            const orphans = lasting.take(await lookForOrphans(parts, signal), now);
            began ??= now;
            // Before that none could have been found: a zero would look as if there were none.
            if (now - began >= grace) metrics.tell(orphans, parts.groups);
            if (orphans.length > told)
              log.warn(
                { orphans: orphans.length },
                "volumes or objects are alone: see hyperv-csi doctor --kube",
              );
            told = orphans.length;
          } catch (error) {
            if (!signal.aborted)
              log.warn({ reason: StatusError.from(error).message }, "what is alone can't be told now");
          }
        } while (await pause(every, signal));
      } finally {
        metrics.forget();
      }
    },
  };
}

function orphanMetrics(registry: Registry) {
  const count = new Gauge({
    name: "hyperv_csi_controller_orphans",
    help: "Volumes and snapshots that no object of the cluster names, and objects whose disk is gone; told by the replica that leads",
    labelNames: ["kind", "group"],
    registers: [registry],
  });
  const looked = new Gauge({
    name: "hyperv_csi_controller_orphans_look_timestamp_seconds",
    help: "When all groups and the cluster were last compared, in seconds since 1970",
    registers: [registry],
  });
  const forget = () => {
    count.reset();
    looked.remove();
  };
  forget();
  return {
    tell(orphans: readonly Orphan[], groups: Groups): void {
      count.reset();
      for (const kind of orphanKinds)
        for (const { name: group } of groups.all()) count.set({ kind, group }, 0);
      for (const { kind, group } of orphans) count.inc({ kind, group });
      looked.setToCurrentTime();
    },
    forget,
  };
}
