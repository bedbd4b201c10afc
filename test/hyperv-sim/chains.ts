import { randomUUID } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { whileFrozen } from "../../src/agent/hosts/local/freeze.ts";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import { loopOf } from "./guest.ts";
import { bytesOf, moveDisk } from "./held-files.ts";
import { baseOf, type SimState, type SimVm, withVm } from "./model.ts";

/**
 * Makes a checkpoint. The loop device goes on with the file that it has, which gets the name of the differencing disk; a
 * copy of it of this moment takes the place of the base. So the base holds still, and both hold what they would.
 */
export async function checkpoint(state: SimState, vmId: string, name: string): Promise<SimState> {
  const vm = state.vms.find(({ id }) => id === vmId);
  if (vm === undefined) return state;
  const steps = vm.drives.map(({ path }) => ({ path, next: nextPath(path) }));
  await whileFrozen(
    await mountPointsOf(vm),
    async () => {
      for (const { path, next } of steps) {
        const loop = loopOf(path);
        if (loop !== undefined) await run("sync", [loop.device]);
        if (!existsSync(path)) continue;
        await moveDisk(path, next);
        await copyFile(bytesOf(next), path, constants.COPYFILE_FICLONE);
      }
    },
    AbortSignal.timeout(60_000),
  );
  const nextOf = new Map(steps.map(({ path, next }) => [path, next]));
  const made = { id: randomUUID(), name, createdAt: new Date().toISOString() };
  const changed = withVm(state, vmId, (each) => ({
    ...each,
    drives: each.drives.map((drive) => ({ ...drive, path: nextOf.get(drive.path) ?? drive.path })),
    checkpoints: [...each.checkpoints, made],
  }));
  const parents = Object.fromEntries(steps.map(({ path, next }) => [next, path]));
  return { ...changed, parents: { ...changed.parents, ...parents } };
}

/** Takes a checkpoint off the list; its disks are merged after some looks. */
export async function uncheckpoint(
  state: SimState,
  vmId: string,
  checkpointId: string,
  looks: number,
): Promise<SimState> {
  const changed = withVm(state, vmId, (vm) => ({
    ...vm,
    checkpoints: vm.checkpoints.filter(({ id }) => id !== checkpointId),
    mergeLooks: looks,
  }));
  return looks === 0 ? await merge(changed, vmId) : changed;
}

/** Ends the merge of a VM's disks. */
export async function merge(state: SimState, vmId: string): Promise<SimState> {
  const vm = state.vms.find(({ id }) => id === vmId);
  if (vm === undefined || vm.checkpoints.length > 0) return state;
  const baseAt = new Map(vm.drives.map(({ path }) => [path, baseOf(state, path) ?? path]));
  for (const [path, base] of baseAt) if (path !== base && existsSync(path)) await moveDisk(path, base);
  return withVm(state, vmId, (each) => ({
    ...each,
    mergeLooks: 0,
    drives: each.drives.map((drive) => ({ ...drive, path: baseAt.get(drive.path) ?? drive.path })),
  }));
}

function nextPath(path: string): string {
  return path.replace(/(_[0-9A-F-]{36})?\.a?vhdx$/i, `_${randomUUID().toUpperCase()}.avhdx`);
}

async function mountPointsOf({ drives }: SimVm): Promise<string[]> {
  const devices = drives.flatMap(({ path }) => loopOf(path)?.device ?? []);
  const mounts = await readMountTable();
  const points = mounts.filter(({ source, root }) => devices.includes(source) && root === "/");
  // A file system that is mounted in several places is frozen once.
  return [...new Map(points.map(({ source, mountPoint }) => [source, mountPoint])).values()];
}
