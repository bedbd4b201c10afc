import { StatusError } from "../../../kit/errors.ts";
import { scsiPage83 } from "../../../vhdx/index.ts";
import type { SnapshotGroup, Snapshot, Volume } from "../model.ts";
import { fileNameOf } from "../pool/layout.ts";
import type { GroupRecord } from "../records/record.ts";
import { Shelf } from "./shelf.ts";

/** A disk in a pool that is not served: nothing may take its id or name until a person has looked at it. */
export interface LeftAlone {
  readonly pool: string;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly reason: string;
}

/** A group's record and the pool that keeps it. */
export interface PlacedGroup extends Pick<
  GroupRecord,
  "id" | "name" | "createdAt" | "snapshotIds" | "sourceVolumeIds"
> {
  readonly pool: string;
}

/** All that one pool holds. */
export interface PoolContents {
  readonly volumes: readonly Volume[];
  readonly snapshots: readonly Snapshot[];
  readonly groups: readonly PlacedGroup[];
  readonly leftAlone: readonly LeftAlone[];
  /** Volumes that moved here from another pool, which may still have them. */
  readonly arrivals: readonly Arrival[];
}

export interface Arrival {
  /** Id of the pool that it left. */
  readonly from: string;
  /** As it is here. */
  readonly copy: Volume;
}

/** What the pools hold, in memory: read from their directories, changed only after the directories were. */
export class Catalog {
  /** Also known by the names of their files, where those are others. */
  readonly volumes = new Shelf<Volume>((volume) => {
    const fileName = fileNameOf(volume);
    return fileName === volume.name ? undefined : fileName;
  });
  readonly snapshots = new Shelf<Snapshot>();
  readonly groups = new Shelf<PlacedGroup>();
  readonly #leftAlone = new Map<string, readonly LeftAlone[]>();
  readonly #arrivals = new Map<string, readonly Arrival[]>();

  /** Takes over what a pool was found to hold, in place of what was known of it. */
  replacePool(pool: string, { volumes, snapshots, groups, leftAlone, arrivals }: PoolContents): void {
    this.volumes.replacePool(pool, volumes);
    this.snapshots.replacePool(pool, snapshots);
    this.groups.replacePool(pool, groups);
    this.#leftAlone.set(pool, leftAlone);
    this.#arrivals.set(pool, arrivals);
  }

  contentsOf(pool: string): PoolContents {
    const isIn = (item: { readonly pool: string }) => item.pool === pool;
    return {
      volumes: [...this.volumes.values()].filter(isIn),
      snapshots: [...this.snapshots.values()].filter(isIn),
      groups: [...this.groups.values()].filter(isIn),
      leftAlone: this.#leftAlone.get(pool) ?? [],
      arrivals: this.#arrivals.get(pool) ?? [],
    };
  }

  leftAlone(): LeftAlone[] {
    return [...this.#leftAlone.values()].flat();
  }

  /** @throws StatusError FAILED_PRECONDITION for the id or name of a disk that is there and not served. */
  refuseLeftAlone(idOrName: string): void {
    const disk = this.leftAlone().find(({ id, name }) => id === idOrName || name === idOrName);
    if (disk === undefined) return;
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${disk.path} is left alone: ${disk.reason}; settle that on the host and start the agent again`,
    );
  }

  /** True when a volume, or a disk that is not served, has this name or its file has. */
  hasFileName(name: string): boolean {
    return (
      this.volumes.byName(name) !== undefined ||
      this.volumes.byAlias(name) !== undefined ||
      this.leftAlone().some((disk) => disk.name === name)
    );
  }

  /** Volumes whose move waits to be settled: both pools may have a disk with that id. */
  arriving(): Arrival[] {
    return [...this.#arrivals.values()].flat();
  }

  /** A move to a pool is open from now on. */
  addArrival(pool: string, arrival: Arrival): void {
    this.#arrivals.set(pool, [...(this.#arrivals.get(pool) ?? []), arrival]);
  }

  /** Another disk that a guest could not tell from one with this id. */
  sameInGuest(id: string): Volume | Snapshot | undefined {
    const page83 = scsiPage83(id);
    // Page 0x83 has the first six bytes of the id, in another order.
    const alike = [
      ...this.volumes.withPrefix(id.slice(0, 13)),
      ...this.snapshots.withPrefix(id.slice(0, 13)),
    ];
    return alike.find((disk) => disk.id !== id && scsiPage83(disk.id) === page83);
  }

  /** A group with those of its snapshots that are still there. */
  withSnapshots(group: PlacedGroup): SnapshotGroup {
    return {
      id: group.id,
      name: group.name,
      createdAt: group.createdAt,
      snapshots: group.snapshotIds.flatMap((id) => this.snapshots.byId(id) ?? []),
    };
  }
}
