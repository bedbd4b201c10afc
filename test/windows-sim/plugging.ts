import { scsiPage83 } from "../../src/vhdx/index.ts";
import { sizeOf } from "./medium.ts";
import { BY_POLICY, type Medium, type SimDisk, type SimWindowsState } from "./model.ts";

/** A disk that is plugged in. */
export interface Plugged {
  readonly volumeId: string;
  readonly controllerId: string;
  readonly lun: number;
  readonly medium: Medium;
  readonly isWriteProtected?: boolean;
}

/** A new disk as Windows Server takes one: offline and read-only until somebody says otherwise. */
export async function newDisk({ disks }: SimWindowsState, plugged: Plugged): Promise<SimDisk> {
  const { volumeId, controllerId, lun, medium, isWriteProtected = false } = plugged;
  const taken = disks.map(({ number }) => number);
  const numbers = Array.from({ length: taken.length + 1 }, (_, index) => index + 1);
  return {
    number: numbers.find((each) => !taken.includes(each)) ?? 1,
    uniqueId: scsiPage83(volumeId).toUpperCase(),
    ...{ controllerId, lun, medium, isWriteProtected },
    size: await sizeOf(medium),
    isOffline: true,
    offlineReason: BY_POLICY,
    isReadOnly: true,
    healthStatus: 0,
  };
}
