import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { scsiPage83 } from "../../../src/vhdx/index.ts";
import { BASIC_DATA } from "../../../src/node/windows/disks.ts";
import { bringOnline } from "../../../src/node/windows/online.ts";
import type { Survey } from "../../../src/node/windows/protocol.ts";
import type { WindowsWorkers } from "../../../src/node/windows/windows-workers.ts";

describe("a disk that comes online", () => {
  const id = randomUUID();
  const volume = `\\\\?\\Volume{${randomUUID()}}\\`;
  const survey = (isOffline: boolean, ...accessPaths: string[]): Survey => ({
    disks: [
      {
        ...{ number: 3, uniqueId: scsiPage83(id), uniqueIdFormat: 3, serialNumber: "", lun: 0 },
        ...{ parentDevice: null, size: "67108864", logicalSectorSize: 512, partitionStyle: 2, isOffline },
        ...{ offlineReason: null, isReadOnly: false, isSystem: false, isClustered: false, healthStatus: 0 },
        operationalStatus: [],
      },
    ],
    partitions: [
      {
        ...{ diskNumber: 3, partitionNumber: 2, guid: randomUUID(), gptType: BASIC_DATA, offset: "16777216" },
        ...{ size: "1048576", accessPaths, noDefaultDriveLetter: false },
      },
    ],
    ...{ controllers: [], otherDrives: [] },
  });

  it("loses the letter that comes with its volume, which Windows makes after it has answered", async () => {
    const surveys = [survey(false), survey(false), survey(false, "E:\\", volume)];
    const changes: object[] = [];
    const workers = {
      ask: () => Promise.resolve(surveys.shift()),
      change: (op: string, args: object) => Promise.resolve(changes.push({ op, ...args })),
    } as unknown as WindowsWorkers;
    await bringOnline(workers, survey(true), id);
    const disk = { number: 3, uniqueId: scsiPage83(id) };
    const partition = { disk, partitionNumber: 2, offset: "16777216" };
    expect(changes).to.deep.equal([
      { op: "setOnline", disk },
      { op: "removeAccessPath", partition, path: "E:\\" },
    ]);
  });
});
