import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Survey, WindowsDisk, WindowsPartition } from "../../src/node/windows/protocol.ts";
import { FCPH_NAME, PARTITION_STYLES } from "../../src/node/windows/protocol.ts";
import { hasMbr, readTable } from "./on-disk.ts";
import type { SimDisk, SimWindowsState } from "./model.ts";

const SCSI_CONTROLLER = "{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}";

/** The device of a SCSI controller, as Windows calls it. */
const deviceOf = (controllerId: string) => `VMBUS\\${SCSI_CONTROLLER}\\{${controllerId}}`.toUpperCase();

/** Bytes of the disk that Windows itself is on. */
const SYSTEM_SIZE = "137438953472";

const systemDisk: WindowsDisk = {
  number: 0,
  uniqueId: "600224800000000000000000000000AA",
  uniqueIdFormat: FCPH_NAME,
  serialNumber: "",
  lun: 0,
  parentDevice: null,
  size: SYSTEM_SIZE,
  logicalSectorSize: 512,
  partitionStyle: PARTITION_STYLES.gpt,
  isOffline: false,
  offlineReason: null,
  isReadOnly: false,
  isSystem: true,
  isClustered: false,
  healthStatus: 0,
  operationalStatus: [53_264],
};

const systemPartition: WindowsPartition = {
  diskNumber: 0,
  partitionNumber: 3,
  guid: "11111111-2222-4333-8444-555555555555",
  gptType: "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",
  offset: "122683392",
  size: "137315221504",
  accessPaths: ["C:\\", "\\\\?\\Volume{11111111-2222-4333-8444-555555555555}\\"],
  noDefaultDriveLetter: false,
};

/** What Windows tells of all disks. The bytes of a volume are not looked at. */
export async function surveyOf(state: SimWindowsState): Promise<Survey> {
  const found = await Promise.all(state.disks.map((disk) => seenDisk(state, disk)));
  return {
    disks: [systemDisk, ...found.map(({ disk }) => disk)],
    partitions: [systemPartition, ...found.flatMap(({ partitions }) => partitions)],
    controllers: state.controllers.map(deviceOf),
    otherDrives: [state.controllers[0] === undefined ? null : deviceOf(state.controllers[0])],
  };
}

async function seenDisk(state: SimWindowsState, disk: SimDisk) {
  const { number, uniqueId, lun, controllerId, isOffline, offlineReason, isReadOnly, healthStatus } = disk;
  const isThere = existsSync(disk.medium.path);
  const table = isThere ? await readTable(disk.medium) : undefined;
  const style = table !== undefined ? "gpt" : isThere && (await hasMbr(disk.medium)) ? "mbr" : "raw";
  return {
    disk: {
      ...{ number, uniqueId, uniqueIdFormat: FCPH_NAME, serialNumber: uniqueId.slice(16), lun },
      parentDevice: deviceOf(controllerId),
      size: String(disk.size),
      logicalSectorSize: 512,
      partitionStyle: PARTITION_STYLES[style],
      ...{ isOffline, offlineReason, isReadOnly, isSystem: false, isClustered: false, healthStatus },
      operationalStatus: [isOffline ? 53_267 : 53_264],
    },
    partitions: (table?.partitions ?? []).map((partition, index) => ({
      ...{ diskNumber: number, partitionNumber: index + 1, guid: partition.guid, gptType: partition.gptType },
      ...{ offset: String(partition.offset), size: String(partition.size) },
      noDefaultDriveLetter: partition.noDefaultDriveLetter,
      // Of what is offline Windows makes no volumes, and of the reserved partition never.
      accessPaths:
        isOffline || index === 0
          ? []
          : [
              ...[state.letters[partition.guid] ?? []].flat(),
              ...(state.shown[partition.guid] ?? []).map((path) => join(path, "/")),
              volumePath(partition.guid),
            ],
    })),
  };
}

export function volumePath(guid: string): string {
  return `\\\\?\\Volume{${guid}}\\`;
}
