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
  const owners = new Set<string>();
  const conflicts = new Set<string>();
  const add = (key: string) => {
    if (owners.has(key)) conflicts.add(key);
    else owners.add(key);
  };
  for (const { volumes, snapshots, leftAlone } of pools.values()) {
    for (const disk of [...volumes, ...snapshots]) {
      for (const key of keysOf(disk)) add(key);
    }
    // A disk that can't be read may still be the one that is meant.
    for (const { id, name } of leftAlone) {
      add(`page 83 ${scsiPage83(id)}`);
      add(`name ${name}`);
    }
  }
  const settled = new Map<string, PoolContents>();
  for (const [pool, contents] of pools) {
    const leftAlone = [...contents.leftAlone];
    const isAlone = (disk: Volume | Snapshot): boolean => {
      const shared = conflicts.size === 0 ? undefined : keysOf(disk).find((key) => conflicts.has(key));
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

function keysOf(disk: Volume | Snapshot): string[] {
  const name = "attributes" in disk ? `name ${disk.name}` : `snapshot name ${disk.name}`;
  return [`page 83 ${scsiPage83(disk.id)}`, name];
}
