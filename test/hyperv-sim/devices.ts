import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bindLoop } from "../../src/agent/hosts/local/losetup.ts";
import { run } from "../../src/kit/run.ts";
import { inspectVhdx, renewWriteGuids } from "../../src/vhdx/index.ts";
import { bytesOf, hold, letGo } from "./held-files.ts";
import { diskOf, loopOf, openGuest } from "./guest.ts";
import { RUNNING, type SimDrive, type SimVm } from "./model.ts";

const signal = () => AbortSignal.timeout(30_000);

/**
 * Shows a running VM a disk: a loop device over a fixed disk's payload, under a SCSI name in the VM's tree. A dynamic disk
 * is in the model only: its content would need the Hyper-V that is not there.
 */
export async function plugIn(directory: string, vm: SimVm, drive: SimDrive): Promise<void> {
  // What is open for reading alone can be read by others, too.
  if (!drive.readOnly) await hold(drive.path);
  if (vm.state !== RUNNING || process.getuid?.() !== 0 || !existsSync(drive.path)) return;
  const file = bytesOf(drive.path);
  const { payloadOffset: offset, virtualSize: size, fileSize } = await inspectVhdx(file);
  if (offset === undefined) return;
  if (loopOf(drive.path) === undefined) {
    if (!drive.readOnly) await renewWriteGuids(file);
    const endsFile = fileSize === offset + size;
    await bindLoop(file, { offset, size, endsFile }, drive.readOnly, signal());
  }
  const tree = await openGuest(directory, vm);
  const disk = diskOf(vm, drive);
  if (disk === undefined) return;
  await tree.plug(disk).catch((error: unknown) => {
    // The VM's kernel has it already.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
  const entry = join(tree.roots.sys, "block", disk.name);
  if (drive.readOnly) await writeFile(join(entry, "ro"), "1\n");
}

/** Takes a disk out of a VM, used or not, as Hyper-V does. */
export async function takeOut(directory: string, vm: SimVm, drive: SimDrive): Promise<void> {
  await pullOut(directory, vm, drive);
  await letGo(drive.path);
}

/** Takes the device of a disk away, as a VM does that is turned off. */
export async function pullOut(directory: string, vm: SimVm, drive: SimDrive): Promise<void> {
  const disk = diskOf(vm, drive);
  if (disk !== undefined) {
    const tree = await openGuest(directory, vm);
    if (existsSync(join(tree.roots.sys, "block", disk.name))) await tree.pull(disk.at, disk.name);
  }
  const loop = loopOf(drive.path);
  if (loop !== undefined) await run("losetup", ["--detach", loop.device], signal());
}
