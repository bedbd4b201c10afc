import { path } from "../../../agent-client/agent-http.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import type { NoRoom, NoRoomReports } from "../../no-room.ts";
import type { ApiClient } from "../api/api-client.ts";
import { volumeIdOf, volumesOf } from "../objects/volumes.ts";
import { regarding } from "./event.ts";
import type { Recorder } from "./recorder.ts";

/** Reports that are looked up at a time; more are left out, the caller tries again anyway. */
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
  let atWork = 0;
  reports.listen((report) => {
    if (stop.aborted || atWork >= MOST_AT_WORK) return;
    atWork++;
    tell(report, api, driverName, recorder, stop)
      .catch((error: unknown) => {
        log.warn({ reason: StatusError.from(error).message }, "whose volume found no room can't be told");
      })
      .finally(() => {
        atWork--;
      });
  });
}

async function tell(
  report: NoRoom,
  api: ApiClient,
  driverName: string,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  if (report.for === "create") {
    const { namespace, name } = report.claim;
    const claim = await api.get(path`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`, signal);
    recorder.tell(regarding("PersistentVolumeClaim", claim), "NoRoomForVolume", report.message);
    return;
  }
  const id = volumeIdOf(report.handle);
  for await (const { handle, objects } of volumesOf(api, driverName, signal)) {
    if (volumeIdOf(handle) !== id) continue;
    for (const object of objects) recorder.tell(object, "NoRoomToGrow", report.message);
    return;
  }
}
