import { waitFor } from "../../kit/deadline.ts";
import { StatusError } from "../../kit/errors.ts";
import type { HealthSign, StorageSign } from "../guest.ts";
import type { PathRules } from "../path-rules.ts";
import { deviceName, isDiskOf, volumePathOf } from "./disks.ts";
import { lookAt, type AtPath } from "./places.ts";
import type { WindowsDisk, WindowsPartition } from "./protocol.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/** How long a look may take, milliseconds. */
const LONGEST_MS = 10_000;

/** MSFT_Disk.HealthStatus and MSFT_Volume.HealthStatus. */
const UNHEALTHY = 2;
const FULL_REPAIR_NEEDED = 3;
const SPOT_FIX_NEEDED = 2;
const SCAN_NEEDED = 1;

/** MSFT_Disk.OfflineReason: so many writes failed that Windows gave the disk up. */
const CRITICAL_WRITE_FAILURES = 6;

/** What is wrong with a volume at a path, as Windows tells it. Nothing is locked. */
export async function signsAt(
  workers: WindowsWorkers,
  rules: PathRules,
  path: string,
  volumeId: string,
): Promise<HealthSign[]> {
  let at: AtPath;
  try {
    at = await soon(lookAt(workers, rules, path), `a look at ${path}`);
  } catch (error) {
    return [failure(error)];
  }
  if (at.kind === "dead mount point") {
    return [
      { kind: "disk-gone", message: `the volume that ${path} shows, ${at.target}, is gone or offline` },
    ];
  }
  if (at.kind !== "volume") return [{ kind: "not-mounted", message: `${path} shows no volume` }];
  const { disk, partition } = at.place;
  if (!isDiskOf(disk, volumeId)) {
    return [
      { kind: "other-disk", message: `${path} shows ${deviceName(disk)}, which is not volume ${volumeId}` },
    ];
  }
  return [...signsOfDisk(disk), ...(await signsOfVolume(workers, partition, path))];
}

function signsOfDisk(disk: WindowsDisk): HealthSign[] {
  const name = deviceName(disk);
  if (disk.isOffline) {
    const why =
      disk.offlineReason === CRITICAL_WRITE_FAILURES
        ? "writes to it failed"
        : `reason ${disk.offlineReason ?? "unknown"}`;
    return [{ kind: "disk-offline", message: `Windows has taken ${name} offline: ${why}` }];
  }
  if (disk.healthStatus !== UNHEALTHY) return [];
  return [{ kind: "disk-errors", message: `Windows says that ${name} is unhealthy` }];
}

const findings: ReadonlyMap<number, string> = new Map([
  [SCAN_NEEDED, "it needs a scan: Repair-Volume -Scan"],
  [SPOT_FIX_NEEDED, "it needs a spot fix: Repair-Volume -SpotFix"],
  [FULL_REPAIR_NEEDED, "it needs a repair: Repair-Volume -OfflineScanAndFix"],
]);

async function signsOfVolume(
  workers: WindowsWorkers,
  partition: WindowsPartition,
  path: string,
): Promise<HealthSign[]> {
  const volume = volumePathOf(partition);
  if (volume === undefined)
    return [{ kind: "fails", message: `Windows makes no volume of what ${path} shows` }];
  try {
    const { fileSystem, healthStatus } = await soon(
      workers.ask("volume", { path: volume }),
      `the file system on ${path}`,
    );
    const finding = findings.get(healthStatus);
    if (finding === undefined) return [];
    return [{ kind: "errors", message: `the ${fileSystem} on ${path} has errors: ${finding}` }];
  } catch (error) {
    return [failure(error)];
  }
}

/** A file system that needs a repair before it is written to. @throws StatusError FAILED_PRECONDITION */
export async function checkBeforeMount(
  workers: WindowsWorkers,
  partition: WindowsPartition,
  volumeId: string,
): Promise<void> {
  const path = volumePathOf(partition);
  if (path === undefined) return;
  const { fileSystem, healthStatus } = await workers.ask("volume", { path });
  if (healthStatus !== FULL_REPAIR_NEEDED) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `the ${fileSystem} of volume ${volumeId} is damaged, and was not shown: run Repair-Volume -Path '${path}' -OfflineScanAndFix on the node`,
  );
}

/** What is wrong with the way to all volumes. */
export async function storageSigns(workers: WindowsWorkers): Promise<StorageSign[]> {
  try {
    const { controllers } = await soon(workers.ask("survey", {}), "Windows' storage service");
    if (controllers.length > 0) return [];
    return [{ kind: "no-controller", message: "the VM has no SCSI controller: turn it off and add one" }];
  } catch (error) {
    return [{ kind: "no-storage-service", message: StatusError.from(error).message }];
  }
}

async function soon<T>(work: Promise<T>, what: string): Promise<T> {
  return await waitFor(work, what, AbortSignal.timeout(LONGEST_MS));
}

function failure(error: unknown): HealthSign {
  const { code, message } = StatusError.from(error);
  return { kind: code === "UNAVAILABLE" || code === "ABORTED" ? "hangs" : "fails", message };
}
