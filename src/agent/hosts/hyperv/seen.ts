import type { Attachment, Vm } from "../host.ts";
import { type IsIn, volumeIdInName } from "./disk-paths.ts";
import type { Drive, HypervVm, Inventory } from "./protocol.ts";

/** Msvm_ComputerSystem.EnabledState of a running VM. */
const RUNNING = 2;

/** A drive that holds one of our volumes. */
export interface SeenDrive {
  readonly vm: HypervVm;
  readonly drive: Drive;
  readonly volumeId: string;
  /** Its file, as far as it is known: the base of a chain. */
  readonly file: string;
  /** Our pool that it lies in; undefined outside, where storage migration may have brought it. */
  readonly pool: string | undefined;
}

/** What was seen of all hosts at one moment. */
export class Seen {
  readonly vms: ReadonlyMap<string, HypervVm>;
  readonly #drives: ReadonlyMap<string, readonly SeenDrive[]>;

  /** @param strangerOf the volume that a file is whose name says nothing */
  constructor(
    inventory: Inventory,
    pools: Iterable<string>,
    isIn: IsIn,
    strangerOf: (file: string) => string | undefined,
  ) {
    const directories = [...pools];
    this.vms = new Map(inventory.vms.map((vm) => [vm.id, vm]));
    const drives = inventory.vms.flatMap((vm) =>
      vm.drives.flatMap((drive): SeenDrive[] => {
        // Where a chain can't be read its file's name still says whose it is.
        const file = drive.basePath ?? drive.path;
        const volumeId = volumeIdInName(file) ?? strangerOf(file);
        if (volumeId === undefined) return [];
        const pool = directories.find((directory) => isIn(file, directory));
        return [{ vm, drive, volumeId, file, pool }];
      }),
    );
    this.#drives = Map.groupBy(drives, ({ volumeId }) => volumeId);
  }

  /** All drives whose disk has the name of this volume. */
  drivesOf(volumeId: string): readonly SeenDrive[] {
    return this.#drives.get(volumeId) ?? [];
  }

  drives(): SeenDrive[] {
    return [...this.#drives.values()].flat();
  }
}

export function driveIn(seen: Seen, volumeId: string, vmId: string): SeenDrive | undefined {
  return seen.drivesOf(volumeId).find(({ vm }) => vm.id === vmId);
}

export function attachmentOf({ vm, drive, volumeId }: SeenDrive): Attachment {
  const { controllerId, lun, readOnly } = drive;
  return { volumeId, vmId: vm.id, readOnly, address: { kind: "vmbus", controllerId, lun } };
}

export function vmOf({ id, name, state, generation, path }: HypervVm): Vm {
  return { id, name, running: state === RUNNING, generation, path };
}

/** True while a checkpoint holds the disk: what the VM writes goes to another file. */
export function isInChain({ drive: { path, basePath } }: { readonly drive: Drive }): boolean {
  return path !== basePath;
}

/** For people: what keeps a VM's disks from being changed. */
export function checkpointsText({ checkpoints }: HypervVm): string {
  const names = checkpoints.slice(0, 3).map(({ name }) => JSON.stringify(name.slice(0, 80)));
  return names.length === 0
    ? "a checkpoint that is not listed or still merges"
    : `checkpoint ${names.join(", ")}`;
}
