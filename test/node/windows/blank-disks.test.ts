import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { refused } from "../../support/refused.ts";
import { checksum } from "../../support/device-bytes.ts";
import { windowsRig } from "../../support/windows-rig.ts";
import { HRESULT, StorageRefusal } from "../../windows-sim/refusals.ts";
import { writeBytes } from "../../windows-sim/medium.ts";

describe("a disk that a Windows node prepares", () => {
  const rig = windowsRig();
  afterEach(() => rig.get.windows.change((state) => ({ ...state, faults: [] })));

  const says = (hresult: number) => new StorageRefusal(hresult).answer;
  const at = (device: string) => ({ path: device, offset: 0, size: undefined });

  it("formats nothing that it can't prove blank, and changes no byte", async () => {
    const { node } = rig.get;
    const places = [0, 512, Number(MiB) - 1, 64 * Number(MiB) - 1];
    for (const place of places) {
      const volume = await node.volume();
      await writeBytes(at(volume.device), place, Buffer.from([1]));
      const before = await checksum(volume.device);
      await refused(node.stage(volume), "FAILED_PRECONDITION", "neither mounted nor formatted");
      expect(await checksum(volume.device)).to.equal(before);
    }
  });

  it("formats nothing when the disk can't be read", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    const before = await checksum(volume.device);
    const error = says(HRESULT.noDevice);
    await windows.fault(...[1, 2].map(() => ({ op: "read", kind: "error", when: "before", error }) as const));
    await refused(node.stage(volume), "UNAVAILABLE", "0x8007048f");
    expect(await checksum(volume.device)).to.equal(before);
    await node.stage(volume);
  });

  it("goes on where the preparation of a disk was cut off, step by step", async () => {
    const { node, windows } = rig.get;
    for (const [op, when] of [
      ["initialise", "after"],
      ["createPartition", "after"],
      ["format", "before"],
      ["format", "after"],
      ["addAccessPath", "after"],
    ] as const) {
      const volume = await node.volume();
      await windows.fault({ op, kind: "crash", when });
      await refused(node.stage(volume), "UNAVAILABLE", op);
      await node.stage(volume);
    }
  });

  it("leaves a partition alone in which something lies that is no known file system", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await windows.fault({ op: "format", kind: "crash", when: "before" });
    await refused(node.stage(volume), "UNAVAILABLE");
    await writeBytes(at(volume.device), 16 * Number(MiB) + 3, Buffer.from("-FVE-FS-"));
    const before = await checksum(volume.device);
    await refused(node.stage(volume), "FAILED_PRECONDITION", "no known file system");
    expect(await checksum(volume.device)).to.equal(before);
  });

  it("answers ABORTED while a format takes longer than its callers wait", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await windows.fault({ op: "format", kind: "slow", ms: 3000 });
    const first = node.stage(volume);
    for (let again = 0; again < 3; again++) {
      await refused(node.stage(volume), "ABORTED", "NodeStageVolume is running");
    }
    await first;
    await node.stage(volume);
  });
});
