import { deviceName, diskRef, refusal, requireDisk } from "./disks.ts";
import { bringOnline } from "./online.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/**
 * Brings a volume's disk online and makes it writable: Windows Server keeps new disks of a bus that others could share
 * offline and read-only, and so does {@link letGo}. The mark of being read-only goes first, so that a file system on it
 * is never mounted half.
 */
export async function wake(workers: WindowsWorkers, volumeId: string, readOnly: boolean): Promise<void> {
  const before = await workers.ask("survey", {});
  const found = requireDisk(before, volumeId);
  if (found.isReadOnly) await workers.change("setReadOnly", { disk: diskRef(found), readOnly: false });
  if (found.isOffline) await bringOnline(workers, before, volumeId);
  if (!found.isReadOnly && !found.isOffline) return;
  const disk = requireDisk(await workers.ask("survey", {}), volumeId);
  if (disk.isOffline) {
    throw refusal(
      `${deviceName(disk)} of volume ${volumeId} is offline again, for reason ${disk.offlineReason ?? "unknown"} of MSFT_Disk.OfflineReason`,
    );
  }
  if (disk.isReadOnly && !readOnly) {
    throw refusal(`${deviceName(disk)} of volume ${volumeId} stays read-only: it was attached so`);
  }
}
