import { formatHandle, parseHandle } from "../../../csi/handle.ts";
import type { Disk, InCluster, Named, OnHosts, Orphan, OrphanKind } from "./orphan.ts";

/** What seems alone when both sides are laid beside each other; what is on its way at the moment seems so, too. */
export function compare(hosts: OnHosts, cluster: InCluster): Orphan[] {
  return [
    ...between(hosts.volumes, cluster.volumes, "volume-without-pv", "pv-without-volume"),
    ...(cluster.snapshots === undefined
      ? []
      : between(hosts.snapshots, cluster.snapshots, "snapshot-without-content", "content-without-snapshot")),
  ];
}

function between(
  disks: readonly Disk[],
  objects: readonly Named[],
  unnamed: OrphanKind,
  missing: OrphanKind,
): Orphan[] {
  const handles = new Set(disks.map(({ group, id }) => formatHandle(group, id)));
  const ids = new Set(disks.map(({ id }) => id));
  const named = new Set<string>();
  const gone: Orphan[] = [];
  for (const { name, handle } of objects) {
    const parsed = parseHandle(handle);
    // A bare GUID says no group: it names the disk wherever that is.
    const key = parsed?.group === undefined ? parsed?.id : formatHandle(parsed.group, parsed.id);
    if (key !== undefined) named.add(key);
    if (key === undefined || !(handles.has(key) || ids.has(key)))
      gone.push({ kind: missing, group: parsed?.group ?? "", name, handle });
  }
  const alone = disks.flatMap(({ group, id, name }): Orphan[] => {
    const handle = formatHandle(group, id);
    return named.has(handle) || named.has(id) ? [] : [{ kind: unnamed, group, name, handle }];
  });
  return [...alone, ...gone];
}
