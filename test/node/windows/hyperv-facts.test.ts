import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { windowsPaths } from "../../../src/node/windows/paths.ts";
import { volumeSlots } from "../../../src/node/windows/hyperv-facts.ts";
import { controllerOf } from "../../../src/node/windows/disks.ts";
import type { Survey } from "../../../src/node/windows/protocol.ts";
import { thrownBy } from "../../support/failure.ts";

const KIND = "{BA6163D9-04A1-4D29-B605-72E2FFB1DC7F}";

describe("room for volumes in a Windows VM", () => {
  const ids = [randomUUID(), randomUUID()];
  const controllers = ids.map((id) => `VMBUS\\${KIND}\\{${id.toUpperCase()}}`);
  const [first = "", second = ""] = controllers;
  const disk = (number: number, parentDevice: string | null, isSystem = false): Survey["disks"][number] => ({
    ...{ number, parentDevice, isSystem, uniqueId: `6002248${number}`, uniqueIdFormat: 3, serialNumber: "" },
    ...{ lun: number, size: "1073741824", logicalSectorSize: 512, partitionStyle: 2, isOffline: false },
    ...{ offlineReason: null, isReadOnly: false, isClustered: false, healthStatus: 0, operationalStatus: [] },
  });
  const partition = (diskNumber: number, ...accessPaths: string[]): Survey["partitions"][number] => ({
    ...{ diskNumber, partitionNumber: 2, guid: randomUUID(), gptType: null },
    ...{ offset: "16777216", size: "1048576", accessPaths, noDefaultDriveLetter: false },
  });
  const slots = (survey: Partial<Survey>) =>
    volumeSlots(
      { disks: [], partitions: [], controllers, otherDrives: [], ...survey },
      "C:\\var\\lib\\kubelet",
      windowsPaths,
    );

  it("is that of its SCSI controllers, less what others have there", () => {
    expect(slots({})).to.equal(128);
    expect(slots({ otherDrives: [first, null, "IDE\\x"] })).to.equal(127);
    expect(slots({ disks: [disk(0, first, true), disk(1, second), disk(2, null, true)] })).to.equal(127);
  });

  it("counts a disk as a volume that is shown in kubelet's directory, in any case, or nowhere", () => {
    const disks = [disk(1, first), disk(2, second), disk(3, second)];
    const volume = `\\\\?\\Volume{${randomUUID()}}\\`;
    const partitions = [
      partition(1, "c:\\VAR\\lib\\kubelet\\plugins\\x\\globalmount\\", volume),
      partition(2, volume),
      partition(3),
    ];
    expect(slots({ disks, partitions })).to.equal(128);
    expect(slots({ disks, partitions: [...partitions, partition(1, "E:\\")] })).to.equal(127);
    expect(slots({ disks, partitions: [partition(2, "C:\\var\\lib\\kubelet2\\x\\")] })).to.equal(127);
  });

  it("is refused where there is no SCSI controller", () => {
    expect(thrownBy(() => slots({ controllers: [] }))).to.include({ code: "FAILED_PRECONDITION" });
  });

  it("knows a controller by the last id in its device's name", () => {
    const [id = ""] = ids;
    expect(controllerOf({ parentDevice: first })).to.equal(id);
    expect(controllerOf({ parentDevice: `VMBUS\\${KIND}\\5&37DA8C32&0&{${id}}` })).to.equal(id);
    for (const parentDevice of [null, "", "PCIIDE\\IDECHANNEL\\4&1", "{ba6163d9}"]) {
      expect(controllerOf({ parentDevice })).to.equal(undefined);
    }
  });
});
