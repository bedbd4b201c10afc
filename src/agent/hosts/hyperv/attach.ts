import { StatusError } from "../../../kit/errors.ts";
import { noSuchVm, presentAttachment, requireOff, requireSlot } from "../attach-rules.ts";
import type { Attachment, AttachSettings, DiskFile } from "../host.ts";
import { type HypervParts, vmKey } from "./parts.ts";
import { hasLimits, setLimits } from "./limits.ts";
import { qosOf } from "./qos.ts";
import { attachmentOf, checkpointsText, driveIn, isInChain, type SeenDrive } from "./seen.ts";
import { settle } from "./settle.ts";
import { freeSlot } from "./slots.ts";

/** Connects a disk to the first free slot of a VM. One that is there gets the limits that it should have. */
export async function attach(
  parts: HypervParts,
  disk: DiskFile,
  vmId: string,
  readOnly: boolean,
  slots: number,
  signal: AbortSignal,
  settings: AttachSettings | undefined,
): Promise<Attachment> {
  const { workers, survey, locks } = parts;
  const qos = qosOf(settings?.attributes ?? {});
  let isPrepared = false;
  /** Once: an attachment is there, whatever Hyper-V makes of the limits. */
  let isLimited = false;
  return await locks.run([vmKey(vmId)], `attach ${disk.volumeId} to VM ${vmId}`, signal, () =>
    settle(
      survey,
      (seen) => {
        const vm = seen.vms.get(vmId) ?? noSuchVm(vmId);
        const present = presentAttachment(seen.drivesOf(disk.volumeId).map(attachmentOf), vmId, readOnly);
        if (present !== undefined) {
          const found = settings && driveIn(seen, disk.volumeId, vmId);
          if (found === undefined || isLimited || hasLimits(found, qos)) return { done: present };
          return {
            change: async (fresh) => {
              const changed = await setLimits(parts, found, qos, fresh);
              isLimited = changed.done;
              return changed;
            },
          };
        }
        const own = seen.drives().filter((each) => each.vm.id === vmId && each.pool !== undefined);
        requireSlot(vmId, own.length, slots);
        const slot = freeSlot(vm);
        const place = { host: vm.host, vmId, ...slot, path: disk.path };
        return {
          change: async (fresh) => {
            if (!isPrepared) await settings?.before();
            isPrepared = true;
            const request = { ...place, hosts: survey.hosts, readOnly, ...qos };
            return await workers.change("attach", request, fresh);
          },
        };
      },
      signal,
    ),
  );
}

/** Disconnects a volume from a VM, running or not. What the VM does not have is disconnected. */
export async function detach(
  { workers, survey, locks }: HypervParts,
  volumeId: string,
  vmId: string,
  signal: AbortSignal,
  onlyWhenOff: boolean,
): Promise<void> {
  await locks.run([vmKey(vmId)], `detach ${volumeId} from VM ${vmId}`, signal, () =>
    settle<undefined>(
      survey,
      (seen) => {
        const found = driveIn(seen, volumeId, vmId);
        if (found === undefined) return { done: undefined };
        if (onlyWhenOff) requireOff(vmId, seen.vmOf(found.vm).state === "off");
        refuseInChain(found, "detached");
        const { path, controllerId, lun } = found.drive;
        const place = { host: found.vm.host, vmId, controllerId, lun, path };
        const request = { ...place, hosts: survey.hosts, onlyWhenOff };
        return { change: (fresh) => workers.change("detach", request, fresh) };
      },
      signal,
    ),
  );
}

/** @throws StatusError FAILED_PRECONDITION: taken out of its chain, a disk would lose what was written since. */
export function refuseInChain(found: SeenDrive, what: string): void {
  if (!isInChain(found)) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `volume ${found.volumeId} can't be ${what} while VM ${found.vm.id} (${found.vm.name}) has ${checkpointsText(found.vm)}: remove it, or wait until it is merged`,
  );
}
