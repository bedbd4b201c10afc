import { rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { within } from "../../../kit/budget.ts";
import { StatusError } from "../../../kit/errors.ts";
import { formatSize, GiB } from "../../../kit/sizes.ts";
import { cloneUnnamedVhdx } from "../../../vhdx/index.ts";
import type { CopyInUse } from "../host.ts";
import {
  type Frozen,
  isOwn,
  LONGEST_COPY_MS,
  makeCheckpoint,
  removeCheckpoint,
  requireNoCheckpoints,
} from "./checkpoints.ts";
import { type HypervParts, vmKey } from "./parts.ts";
import type { HypervVm } from "./protocol.ts";
import { driveIn, type Seen } from "./seen.ts";
import { requireStillFrozen } from "./still-frozen.ts";

/** What must be free beside each disk of the VM: what it writes meanwhile goes to a file of its own. */
const ROOM = GiB;

/**
 * Copies disks of one VM as of one instant: a checkpoint freezes their files, which are then copied at leisure. The
 * answer does not wait for the merge that ends it, other changes of the VM do.
 */
export async function copyInUse(
  parts: HypervParts,
  copies: readonly CopyInUse[],
  signal: AbortSignal,
): Promise<void> {
  const vmId = vmOfAll(await parts.survey.look(), copies);
  const copied = Promise.withResolvers<undefined>();
  parts.locks
    .run([vmKey(vmId)], `copy ${copies.map(({ disk }) => disk.volumeId).join(" ")}`, signal, async () => {
      const vm = await readyForCheckpoint(parts, copies, vmId);
      const frozen = await makeCheckpoint(parts, vm);
      const { checkpoint } = frozen;
      try {
        await within(LONGEST_COPY_MS, signal, (own) => copyFrozen(parts, frozen, copies, own));
        copied.resolve(undefined);
      } catch (error) {
        copied.reject(error);
      }
      await removeCheckpoint(parts, vmId, checkpoint).catch((error: unknown) => {
        parts.log.error({ vm: vmId, checkpoint: checkpoint.name, err: error }, "a checkpoint stays for now");
      });
    })
    .catch(copied.reject);
  await copied.promise;
}

/** @throws StatusError ABORTED one was detached; FAILED_PRECONDITION they are in several VMs. */
function vmOfAll(seen: Seen, copies: readonly CopyInUse[]): string {
  const ids = new Set(
    copies.map(({ disk: { volumeId } }) => {
      const [drive] = seen.drivesOf(volumeId);
      if (drive !== undefined) return drive.vm.id;
      throw new StatusError("ABORTED", `volume ${volumeId} was detached; try again`);
    }),
  );
  const [vmId = "", ...others] = ids;
  if (others.length === 0) return vmId;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `the volumes are in use in several VMs, ${[...ids].join(", ")}: no instant is common to them`,
  );
}

/** Looks at all that could fail before the VM is touched. Our own checkpoint of an earlier try is taken away first. */
async function readyForCheckpoint(
  parts: HypervParts,
  copies: readonly CopyInUse[],
  vmId: string,
): Promise<HypervVm> {
  const look = async () => {
    const seen = await parts.survey.look();
    const vm = seen.vms.get(vmId);
    const gone = copies.find(({ disk }) => driveIn(seen, disk.volumeId, vmId) === undefined);
    if (vm !== undefined && gone === undefined) return vm;
    throw new StatusError("ABORTED", `a volume was detached from VM ${vmId} meanwhile; try again`);
  };
  let vm = await look();
  for (const checkpoint of vm.checkpoints) {
    if (isOwn(checkpoint, parts.group)) await removeCheckpoint(parts, vmId, checkpoint);
  }
  vm = await look();
  requireNoCheckpoints(vm);
  await requireRoom(vm);
  return vm;
}

/** @throws StatusError RESOURCE_EXHAUSTED: a VM whose disk is full stops. */
async function requireRoom({ id, drives }: HypervVm): Promise<void> {
  for (const directory of new Set(drives.map(({ path }) => dirname(path)))) {
    const { bavail, bsize } = await statfs(directory, { bigint: true });
    const free = bavail * bsize;
    if (free >= ROOM) continue;
    throw new StatusError(
      "RESOURCE_EXHAUSTED",
      `${directory} has ${formatSize(free)} free; a checkpoint of VM ${id} needs ${formatSize(ROOM)} beside each disk`,
    );
  }
}

/** Copies files that don't change while a checkpoint is there: all of them, or none stays. */
async function copyFrozen(
  parts: HypervParts,
  frozen: Frozen,
  copies: readonly CopyInUse[],
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const { disk, target, virtualDiskId } of copies) {
      await cloneUnnamedVhdx(disk.path, target, { virtualDiskId, signal });
    }
    const volumeIds = copies.map(({ disk }) => disk.volumeId);
    await requireStillFrozen(parts, frozen, volumeIds, signal);
  } catch (error) {
    for (const { target } of copies) await rm(target, { force: true });
    throw error;
  }
}
