import { existsSync } from "node:fs";
import { volumeIdInName } from "../../src/agent/hosts/hyperv/disk-paths.ts";
import { inspectVhdx, scsiPage83 } from "../../src/vhdx/index.ts";
import { bytesOf } from "../hyperv-sim/held-files.ts";
import { RUNNING, type SimDrive } from "../hyperv-sim/model.ts";
import { readState } from "../hyperv-sim/store.ts";
import { newDisk } from "./plugging.ts";
import type { SimDisk, SimWindowsState } from "./model.ts";
import { guidsOf } from "./operations.ts";
import { unmountAll } from "./volumes.ts";

/** The disks that the simulated Hyper-V has given this VM by now. Only fixed ones are shown: their bytes lie in a row. */
export async function withDrives(state: SimWindowsState, directory: string): Promise<SimWindowsState> {
  if (state.hyperv === null) return state;
  const { vmId } = state.hyperv;
  const vm = (await readState(state.hyperv.directory)).vms.find(({ id }) => id === vmId);
  const drives = vm?.state === RUNNING ? vm.drives : [];
  const missing = drives.filter((drive) => !state.disks.some((disk) => isAt(disk, drive)));
  const kept: SimDisk[] = [];
  for (const disk of state.disks) {
    if (drives.some((drive) => isAt(disk, drive))) kept.push(disk);
    else await unmountAll(directory, await guidsOf(disk));
  }
  let next = kept.length === state.disks.length ? state : { ...state, disks: kept };
  for (const drive of missing) {
    const disk = await diskOf(next, drive);
    if (disk !== undefined) next = { ...next, disks: [...next.disks, disk] };
  }
  return next;
}

function isAt({ controllerId, lun, uniqueId }: SimDisk, drive: SimDrive): boolean {
  const id = volumeIdInName(drive.path);
  return (
    controllerId === drive.controllerId && lun === drive.lun && id !== undefined && uniqueId === nameOf(id)
  );
}

const nameOf = (volumeId: string) => scsiPage83(volumeId).toUpperCase();

async function diskOf(state: SimWindowsState, drive: SimDrive): Promise<SimDisk | undefined> {
  const volumeId = volumeIdInName(drive.path);
  if (volumeId === undefined || !existsSync(bytesOf(drive.path))) return undefined;
  const path = bytesOf(drive.path);
  const { payloadOffset } = await inspectVhdx(path);
  if (payloadOffset === undefined) return undefined;
  // The payload ends with the file, and grows with it.
  const medium = { path, offset: Number(payloadOffset), size: undefined };
  const { controllerId, lun, readOnly } = drive;
  return await newDisk(state, { volumeId, controllerId, lun, medium, isWriteProtected: readOnly });
}
