import { type HypervParts, vmKey } from "./parts.ts";
import { type Qos, qosOf } from "./qos.ts";
import { driveIn, type SeenDrive } from "./seen.ts";
import { type Changed, settle } from "./settle.ts";

/** Brings a volume's limits into force where it is attached. */
export async function applyQos(
  parts: HypervParts,
  volumeId: string,
  attributes: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const { survey, locks } = parts;
  const qos = qosOf(attributes);
  for (const { vm } of (await survey.look()).drivesOf(volumeId)) {
    await locks.run([vmKey(vm.id)], `limit ${volumeId} in VM ${vm.id}`, signal, () =>
      settle<undefined>(
        survey,
        (seen) => {
          const found = driveIn(seen, volumeId, vm.id);
          return found === undefined || hasLimits(found, qos)
            ? { done: undefined }
            : { change: (fresh) => setLimits(parts, found, qos, fresh) };
        },
        signal,
      ),
    );
  }
}

export function hasLimits({ drive }: SeenDrive, { minimumIops, maximumIops }: Qos): boolean {
  return drive.minimumIops === minimumIops && drive.maximumIops === maximumIops;
}

/** Sets the limits of a drive that is still as it was seen. */
export async function setLimits(
  { workers, survey }: HypervParts,
  { vm, drive: { controllerId, lun, path } }: SeenDrive,
  qos: Qos,
  fresh: boolean,
): Promise<Changed> {
  const place = { host: vm.host, vmId: vm.id, controllerId, lun, path };
  return await workers.change("setQos", { ...place, hosts: survey.hosts, ...qos }, fresh);
}
