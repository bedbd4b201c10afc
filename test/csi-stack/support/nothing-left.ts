import { readdir } from "node:fs/promises";
import { listLoopDevices } from "../../../src/kit/loop-devices.ts";
import { findings } from "../../agent/faults/load/observe.ts";
import { mountsBelow } from "../../support/scratch-directory.ts";
import type { Driver } from "./driver.ts";

/** Whatever a driver whose volumes are all deleted still has: volumes, snapshots, files, devices, mounts, and what its doctor finds. */
export async function leftBehind(driver: Driver): Promise<string[]> {
  const { entries: volumes = [] } = await driver.controller.ListVolumes({});
  const { entries: snapshots = [] } = await driver.controller.ListSnapshots({});
  const files = await readdir(driver.pool, { recursive: true });
  return [
    ...volumes.map(({ volume }) => `volume ${volume?.volume_id ?? ""}`),
    ...snapshots.map(({ snapshot }) => `snapshot ${snapshot?.snapshot_id ?? ""}`),
    ...files.filter((name) => /\.vhdx$|^\.(tmp|snapshots)\/.*\.json$/.test(name)),
    ...listLoopDevices()
      .filter(({ backingFile }) => backingFile.startsWith(driver.pool))
      .map(({ device, backingFile }) => `${device} over ${backingFile}`),
    ...(await mountsBelow(driver.path("pods"))),
    ...(await findings(driver.agent.client)),
  ];
}
