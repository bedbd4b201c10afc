import { path } from "../../../agent-client/agent-http.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import type { NoRoom, NoRoomReports } from "../../no-room.ts";
import type { ApiClient } from "../api/api-client.ts";
import { regarding } from "./event.ts";
import type { Recorder } from "./recorder.ts";
import { NoGrowthTeller } from "./tell-no-growth.ts";

/** Claims that are looked up at a time; more are left out, the caller tries again anyway. */
const MOST_AT_WORK = 4;

/** Tells the claims of volumes that found no room, behind the backs of the calls that report it. */
export function tellNoRoom(
  reports: NoRoomReports,
  api: ApiClient,
  driverName: string,
  recorder: Recorder,
  log: Log,
  stop: AbortSignal,
): void {
  const noGrowth = new NoGrowthTeller(api, driverName, recorder, log, stop);
  let atWork = 0;
  reports.listen((report) => {
    if (stop.aborted) return;
    if (report.for === "growth") {
      noGrowth.report(report.handle, report.message);
      return;
    }
    if (atWork >= MOST_AT_WORK) return;
    atWork++;
    tell(report, api, recorder, stop)
      .catch((error: unknown) => {
        log.warn({ reason: StatusError.from(error).message }, "whose volume found no room can't be told");
      })
      .finally(() => {
        atWork--;
      });
  });
}

async function tell(
  { claim: { namespace, name }, message }: Extract<NoRoom, { for: "create" }>,
  api: ApiClient,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  const claim = await api.get(path`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`, signal);
  recorder.tell(regarding("PersistentVolumeClaim", claim), "NoRoomForVolume", message);
}
