import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { StatusError } from "../../../kit/errors.ts";
import type { HypervParts } from "./parts.ts";
import type { Checkpoint, HypervVm } from "./protocol.ts";
import { checkpointsText, isInChain, type Seen } from "./seen.ts";
import { failureBehind } from "../../../kit/worker/failure.ts";
import { hasMoved } from "./worker/failures.ts";
import { WorkerLost } from "../../../kit/worker/process.ts";

/** Longest between two looks at a checkpoint. */
export const LONGEST_PAUSE_MS = 5000;
/** Longest that copying may keep a VM under a checkpoint. */
export const LONGEST_COPY_MS = 3600_000;
/** Longest that the changes of a VM wait for a merge; what takes longer is told as an alarm. */
export const LONGEST_MERGE_MS = 600_000;

/** Names of the checkpoints that agents of a group make: nothing else is ever taken for ours. */
function ownPrefix(group: string): string {
  return `hyperv-csi ${group} `;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isOwn({ name }: Checkpoint, group: string): boolean {
  const prefix = ownPrefix(group);
  return name.startsWith(prefix) && GUID.test(name.slice(prefix.length));
}

/** A checkpoint of ours, and what was seen when it was there. */
export interface Frozen {
  readonly vmId: string;
  readonly checkpoint: Checkpoint;
  readonly seen: Seen;
}

/** Makes a checkpoint of a VM that has none; as long as it is there the disks' own files don't change. */
export async function makeCheckpoint(parts: HypervParts, vm: HypervVm): Promise<Frozen> {
  const { workers, survey, group } = parts;
  const name = ownPrefix(group) + randomUUID();
  try {
    const request = { host: vm.host, vmId: vm.id, name, hosts: survey.hosts };
    survey.take(await workers.change("createCheckpoint", request));
  } catch (error) {
    if (!(error instanceof WorkerLost)) throw error;
    parts.log.warn({ vm: vm.id, err: error }, "looking whether the checkpoint was made all the same");
  }
  const seen = await survey.look(true);
  const now = seen.vms.get(vm.id);
  const made = now?.checkpoints.find((checkpoint) => checkpoint.name === name);
  if (now === undefined || made === undefined) {
    throw new StatusError("ABORTED", `VM ${vm.id} got no checkpoint; the request can be repeated`);
  }
  const before = new Map(vm.drives.map(({ controllerId, lun, path }) => [`${controllerId} ${lun}`, path]));
  const loose = now.drives.find(
    ({ controllerId, lun, path, basePath }) =>
      path === basePath || basePath !== before.get(`${controllerId} ${lun}`),
  );
  if (loose === undefined) return { vmId: vm.id, checkpoint: made, seen };
  await removeCheckpoint(parts, vm.id, made);
  throw new StatusError("FAILED_PRECONDITION", `the checkpoint of VM ${vm.id} does not hold ${loose.path}`);
}

/**
 * Removes a checkpoint and waits until its disks are merged. Which host has the VM by now is looked for.
 * @throws StatusError ABORTED when that takes longer than `longestMs`: Hyper-V goes on by itself
 */
export async function removeCheckpoint(
  { workers, survey, log, longestMergeMs }: HypervParts,
  vmId: string,
  { id, name }: Checkpoint,
  longestMs = longestMergeMs,
): Promise<void> {
  const began = performance.now();
  for (let wait = 100; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    const vm = (await survey.look()).vms.get(vmId);
    const isThere = vm?.checkpoints.some((checkpoint) => checkpoint.id === id) ?? false;
    if (vm === undefined || !(isThere || isMerging(vm))) return;
    if (isThere) {
      const request = { host: vm.host, vmId, checkpointId: id, hosts: survey.hosts };
      await workers.change("removeCheckpoint", request).catch((error: unknown) => {
        // Whether it was done all the same is seen at the next look.
        const isOpen = error instanceof WorkerLost || hasMoved(failureBehind(error));
        if (!isOpen) throw error;
        log.warn({ vm: vmId, checkpoint: name, err: error }, "the removal of a checkpoint was cut short");
      });
    }
    if (performance.now() - began > longestMs) {
      const disks = vm.drives.filter((drive) => isInChain({ drive })).map(({ path }) => path);
      throw new StatusError(
        "ABORTED",
        `VM ${vmId} (${vm.name}) has not merged checkpoint ${name} within ${Math.ceil(longestMs / 1000)} s: it goes on in ${disks.join(", ")}; try again when it has`,
      );
    }
    await pause(wait, undefined, { ref: false });
  }
}

/** Without checkpoints, what is still in a chain is on its way out of it. */
export function isMerging({ checkpoints, drives }: HypervVm): boolean {
  return checkpoints.length === 0 && drives.some((drive) => isInChain({ drive }));
}

/** @throws StatusError FAILED_PRECONDITION while a VM has checkpoints of others, or a chain that nobody made now. */
export function requireNoCheckpoints(vm: HypervVm): void {
  if (vm.checkpoints.length === 0 && !isMerging(vm)) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `VM ${vm.id} (${vm.name}) has ${checkpointsText(vm)}: disks in use can't be copied beside it; remove it, or wait until it is merged`,
  );
}
