import type { Attachment, Vm } from "../host.ts";
import { type IsIn, volumeIdInName } from "./disk-paths.ts";
import { isCountedIn } from "./members.ts";
import type { Drive, HypervVm, Inventory } from "./protocol.ts";

/** Msvm_ComputerSystem.EnabledState. */
const RUNNING = 2;
const OFF = 3;

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
  readonly #notOff: ReadonlySet<string>;
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
    this.#notOff = notOff(inventory);
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

  /** As the port has it. */
  vmOf({ id, name, state, generation, path }: HypervVm): Vm {
    const known = !this.#notOff.has(id) ? "off" : state === RUNNING ? "running" : "other";
    return { id, name, state: known, generation, path };
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

/**
 * Ids of VMs that are not proven off: a host tells that of those that it has, while its cluster counts it in, and of a
 * VM that two hosts tell of both must.
 */
function notOff({ vms, nodes }: Inventory): Set<string> {
  const counts = (host: string) =>
    nodes.length === 0 || nodes.some((member) => member.name === host && isCountedIn(member));
  return new Set(vms.flatMap(({ id, host, state }) => (state === OFF && counts(host) ? [] : [id])));
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
