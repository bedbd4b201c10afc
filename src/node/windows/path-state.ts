import type { PathState } from "../guest.ts";
import type { PathRules } from "../path-rules.ts";
import { fileSystemOn } from "./content.ts";
import { deviceName, isDiskOf } from "./disks.ts";
import { lookAt, type Place } from "./places.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/** What a staging or target path is now, and whether what it shows is a volume. */
export async function stateOf(
  workers: WindowsWorkers,
  rules: PathRules,
  path: string,
  volumeId: string,
): Promise<PathState> {
  const at = await lookAt(workers, rules, path);
  switch (at.kind) {
    case "volume":
      return await mountedState(workers, at.place, volumeId);
    case "dead mount point":
    case "dead link":
      return {
        ...NO_LABEL,
        isVolume: false,
        device: at.target,
        deviceIsGone: true,
        fsType: "",
        readOnly: undefined,
      };
    case "absent":
    case "empty directory":
    case "empty file":
    case "occupied":
      return at;
  }
}

const NO_LABEL = { kind: "mounted", seLinuxLabel: undefined, access: "mount" } as const;

async function mountedState(
  workers: WindowsWorkers,
  { disk, partition, isLink }: Place,
  volumeId: string,
): Promise<PathState> {
  return {
    ...NO_LABEL,
    isVolume: isDiskOf(disk, volumeId),
    device: deviceName(disk),
    deviceIsGone: false,
    // A volume that can't be asked must still be let go.
    fsType: await fileSystemOn(workers, partition).catch(() => "unknown"),
    // Windows has no link that is read-only: its mode is that of the disk, or the container's runtime sees to it.
    readOnly: isLink && !disk.isReadOnly ? undefined : disk.isReadOnly,
  };
}
