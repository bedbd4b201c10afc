import { scsiPage83 } from "../../../vhdx/index.ts";
import type { PoolContents } from "../catalog/catalog.ts";
import type { Snapshot, Volume } from "../model.ts";

/**
 * Leaves out every disk whose id, guest-visible id or name another disk has, in whatever pool: which one is meant can't
 * be known, so no change is made to any of them.
 * @param onConflict told of each disk that is left out, and why.
 */
export function withoutConflicts(
  pools: ReadonlyMap<string, PoolContents>,
  onConflict: (disk: Volume | Snapshot, reason: string) => void,
): Map<string, PoolContents> {
  const owners = new Map<string, number>();
  for (const { volumes, snapshots, leftAlone } of pools.values()) {
    for (const disk of [...volumes, ...snapshots]) {
      for (const key of keysOf(disk)) add(owners, key);
    }
    // A disk that can't be read may still be the one that is meant.
    for (const { id, name } of leftAlone) {
      add(owners, `page 83 ${scsiPage83(id)}`);
      add(owners, `name ${name}`);
    }
  }
  const settled = new Map<string, PoolContents>();
  for (const [pool, contents] of pools) {
    const leftAlone = [...contents.leftAlone];
    const isAlone = (disk: Volume | Snapshot): boolean => {
      const shared = keysOf(disk).find((key) => owners.get(key) !== 1);
      if (shared === undefined) return true;
      const reason = `another disk has the same identity, ${shared}`;
      onConflict(disk, reason);
      leftAlone.push({ pool, id: disk.id, name: disk.name, path: disk.path, reason });
      return false;
    };
    settled.set(pool, {
      ...contents,
      volumes: contents.volumes.filter(isAlone),
      snapshots: contents.snapshots.filter(isAlone),
      leftAlone,
    });
  }
  return settled;
}

function add(owners: Map<string, number>, key: string): void {
  owners.set(key, (owners.get(key) ?? 0) + 1);
}

function keysOf(disk: Volume | Snapshot): string[] {
  const name = "attributes" in disk ? `name ${disk.name}` : `snapshot name ${disk.name}`;
  return [`page 83 ${scsiPage83(disk.id)}`, name];
}
