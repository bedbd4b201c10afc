import { setTimeout } from "node:timers/promises";
import { existsSync } from "node:fs";
import type { Args, Operation } from "../../src/agent/hosts/hyperv/protocol.ts";
import { run } from "../../src/kit/run.ts";
import { growFixed, inspectVhdx, resizeVhdx } from "../../src/vhdx/index.ts";
import { checkpoint, merge, uncheckpoint } from "./chains.ts";
import { plugIn, takeOut } from "./devices.ts";
import { loopOf } from "./guest.ts";
import { bytesOf, standIn } from "./held-files.ts";
import { inventoryOf } from "./inventory.ts";
import { mayAttach } from "./may-attach.ts";
import { OFF, RUNNING, type SimDrive, type SimState, type SimVm, withVm } from "./model.ts";
import { notThere, refusalOf, Refusal } from "./refusals.ts";

/** What the simulator does: a step of the model and its devices, and what it answers. */
export interface Outcome {
  readonly state: SimState;
  readonly result: unknown;
}

export interface Place {
  readonly directory: string;
  /** The machine that the worker runs on. */
  readonly computer: string;
}

type Handlers = {
  readonly [Op in Operation]: (state: SimState, args: Args[Op], place: Place) => Outcome | Promise<Outcome>;
};

/** @throws Refusal for what Hyper-V would refuse */
export const operations: Handlers = {
  hello: (state, _args, { computer }) => ({
    state,
    result: {
      protocol: 3,
      powershell: "5.1.0",
      module: "2.0.0.0",
      computer,
      user: "NT AUTHORITY\\SYSTEM",
      mayManageVms: true,
      cluster: state.cluster,
    },
  }),

  listVms: async (before, { hosts }, { computer }) => {
    let state = before;
    for (const { id, mergeLooks } of before.vms) {
      if (mergeLooks === 1) state = await merge(state, id);
      else if (mergeLooks > 1) state = withVm(state, id, (vm) => ({ ...vm, mergeLooks: mergeLooks - 1 }));
    }
    return { state, result: inventoryOf(state, hosts, computer) };
  },

  attach: async (state, args, { directory, computer }) => {
    const { vmId, controllerId, lun, path, readOnly, minimumIops, maximumIops, hosts } = args;
    const vm = vmOn(state, args);
    if (!mayAttach(inventoryOf(state, hosts, computer), args)) return unchanged(state, hosts, computer);
    requireFree(state, path);
    const drive: SimDrive = { controllerId, lun, path, readOnly, minimumIops, maximumIops };
    const next = withVm(state, vmId, (each) => ({ ...each, drives: [...each.drives, drive] }));
    await plugIn(directory, vm, drive);
    return { state: next, result: { done: true, inventory: inventoryOf(next, hosts, computer) } };
  },

  detach: async (state, args, { directory, computer }) => {
    const vm = vmOn(state, args);
    const drive = driveAt(vm, args);
    const isAllowed = !args.onlyWhenOff || vm.state === OFF;
    if (drive === undefined || !isAllowed) return unchanged(state, args.hosts, computer);
    const next = withVm(state, vm.id, (each) => ({
      ...each,
      drives: each.drives.filter(({ path }) => path !== drive.path),
    }));
    await takeOut(directory, vm, drive);
    return { state: next, result: { done: true, inventory: inventoryOf(next, args.hosts, computer) } };
  },

  setQos: (state, args, { computer }) => {
    const vm = vmOn(state, args);
    const drive = driveAt(vm, args);
    if (drive === undefined) return unchanged(state, args.hosts, computer);
    const { minimumIops, maximumIops } = args;
    const next = withVm(state, vm.id, (each) => ({
      ...each,
      drives: each.drives.map((one) =>
        one.path === drive.path ? { ...one, minimumIops, maximumIops } : one,
      ),
    }));
    return { state: next, result: { done: true, inventory: inventoryOf(next, args.hosts, computer) } };
  },

  diskInfo: async (state, { host, path }) => {
    requireReach(state, host, path);
    return { state, result: await infoOf(state, path) };
  },

  resize: async (state, { host, path, size }) => {
    requireReach(state, host, path);
    const user = state.vms.find(({ drives }) => drives.some((drive) => drive.path === path));
    if (path.endsWith(".avhdx") || (user?.checkpoints.length ?? 0) > 0) throw new Refusal(0x80070057);
    requireFree(state, path);
    const wanted = BigInt(size);
    const file = bytesOf(path);
    const { type, virtualSize } = await inspectVhdx(file);
    if (wanted > virtualSize) await (type === "fixed" ? growFixed : resizeVhdx)(file, wanted);
    if (file !== path) await standIn(path);
    const loop = loopOf(path);
    if (loop !== undefined) await run("losetup", ["--set-capacity", loop.device]);
    return { state, result: await infoOf(state, path) };
  },

  createCheckpoint: async (state, args, { computer }) => {
    const next = await checkpoint(state, vmOn(state, args).id, args.name);
    return { state: next, result: inventoryOf(next, args.hosts, computer) };
  },

  removeCheckpoint: async (state, args, { computer }) => {
    const vm = vmOn(state, args);
    if (!vm.checkpoints.some(({ id }) => id === args.checkpointId)) throw notThere("CheckpointNotFound");
    const next = await uncheckpoint(state, vm.id, args.checkpointId, vm.mergeLooks);
    return { state: next, result: inventoryOf(next, args.hosts, computer) };
  },

  setGuestItem: (state, args) => {
    const vm = vmOn(state, args);
    const items = { ...vm.items, [args.name]: args.value };
    return { state: withVm(state, vm.id, (each) => ({ ...each, items })), result: {} };
  },

  writeEvent: (state, { message }) => ({
    state: { ...state, events: [...state.events, message] },
    result: {},
  }),
};

/** What a slow host is. */
export async function beSlow(ms: number): Promise<void> {
  await setTimeout(ms);
}

function unchanged(state: SimState, hosts: readonly string[], computer: string): Outcome {
  return { state, result: { done: false, inventory: inventoryOf(state, hosts, computer) } };
}

function vmOn(state: SimState, { vmId, host }: { readonly vmId: string; readonly host: string }): SimVm {
  const vm = state.vms.find(({ id }) => id === vmId);
  if (vm?.host !== host) throw notThere("VmNotHere");
  // The RPC server is unavailable.
  if (!state.hosts.some(({ name, answers }) => name === host && answers)) throw new Refusal(0x800706ba);
  return vm;
}

function driveAt(
  { drives }: SimVm,
  place: { readonly controllerId: string; readonly lun: number; readonly path: string },
): SimDrive | undefined {
  return drives.find(
    ({ controllerId, lun, path }) =>
      controllerId === place.controllerId && lun === place.lun && path === place.path,
  );
}

function requireFree({ locked }: SimState, path: string): void {
  if (locked.includes(path)) throw new Refusal(0x80070020);
  if (!existsSync(path)) throw new Refusal(0x80070002);
}

/** The disk of a running VM is shared with no host but the VM's. */
function requireReach({ vms }: SimState, host: string, path: string): void {
  const user = vms.find(({ drives }) => drives.some((drive) => drive.path === path));
  if (user?.state === RUNNING && user.host !== host) throw new Refusal(0x80070020);
}

async function infoOf(state: SimState, path: string): Promise<unknown> {
  try {
    const info = await inspectVhdx(bytesOf(path));
    return {
      path,
      virtualDiskId: info.virtualDiskId,
      type: state.parents[path] === undefined ? info.type : "differencing",
      size: String(info.virtualSize),
      fileSize: String(info.fileSize),
      minimumSize: "0",
      // As Hyper-V tells it.
      blockSize: info.type === "fixed" ? 0 : info.blockSize,
      logicalSectorSize: info.logicalSectorSize,
      physicalSectorSize: info.physicalSectorSize,
      parentPath: state.parents[path] ?? null,
    };
  } catch (error) {
    throw refusalOf(error);
  }
}
