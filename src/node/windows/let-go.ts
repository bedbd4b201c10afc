import { StatusError } from "../../kit/errors.ts";
import type { PathRules } from "../path-rules.ts";
import { dataPartitions, deviceName, diskRef, theDisk, volumePathOf } from "./disks.ts";
import { shownElsewhere } from "./shown-elsewhere.ts";
import type { PodLinks } from "./pod-links.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/**
 * Takes a volume's disk offline before the host pulls it out: flushed, and only when it is the one disk with the volume's
 * name and nothing shows it any more. It is read back that it is offline.
 */
export async function letGo(
  workers: WindowsWorkers,
  rules: PathRules,
  volumeId: string,
  pods: PodLinks,
): Promise<void> {
  const survey = await workers.ask("survey", {});
  const disk = theDisk(survey, volumeId);
  if (disk === undefined || disk.isOffline) return;
  const shown = await shownElsewhere(survey, rules, volumeId, [], pods);
  if (shown.length > 0) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${deviceName(disk)} of volume ${volumeId} is still in use: it is shown in ${shown.join(", ")}`,
    );
  }
  for (const partition of dataPartitions(survey, disk)) {
    const path = volumePathOf(partition);
    if (path !== undefined && !disk.isReadOnly) await workers.change("flush", { path });
  }
  await workers.change("setOffline", { disk: diskRef(disk) });
  const after = theDisk(await workers.ask("survey", {}), volumeId);
  if (after === undefined || after.isOffline) return;
  throw new StatusError(
    "UNAVAILABLE",
    `${deviceName(disk)} of volume ${volumeId} was taken offline and is online`,
  );
}
