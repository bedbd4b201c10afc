import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { StatusError } from "../../../kit/errors.ts";
import { isThere } from "../../../kit/is-there.ts";
import { rename } from "../../../kit/rename.ts";
import type { PlacedGroup } from "../catalog/catalog.ts";
import type { CallContext } from "../engine.ts";
import { checkLabels } from "../labels.ts";
import type { Labels, Snapshot, SnapshotGroup, Volume } from "../model.ts";
import { checkDiskName } from "../names.ts";
import type { EngineParts } from "../parts.ts";
import { type Pool, whileWorking } from "../pool/pool.ts";
import { recordOfSnapshot } from "../records/entries.ts";
import { discard, newSnapshotDisk, settle, type NewDisk } from "../records/new-disk.ts";
import { replaceRecord, writeRecord } from "../records/record-file.ts";
import type { GroupRecord } from "../records/record.ts";
import { removeGroup } from "../recovery/settle-groups.ts";
import { cutAtRest, isWrittenTo, requireCutsInUse } from "../volumes/copy-disk.ts";
import { soundVolume } from "../volumes/known-volume.ts";
import { claimCopy, plannedSnapshot } from "./create-snapshot.ts";

interface Member {
  readonly volume: Volume;
  readonly snapshot: Snapshot;
  readonly places: NewDisk;
  readonly isWrittenTo: boolean;
}

/** Cuts several volumes at one instant, or finds the group that an equal request made. */
export async function createSnapshotGroup(
  parts: EngineParts,
  name: string,
  sourceVolumeIds: readonly string[],
  labels: Labels,
  context: CallContext,
): Promise<SnapshotGroup> {
  checkDiskName("group", name);
  checkLabels(labels);
  const sources = [...new Set(sourceVolumeIds)].sort();
  if (sources.length === 0) throw new StatusError("INVALID_ARGUMENT", "a group has at least one volume");
  const existing = parts.catalog.groups.byName(name);
  if (existing !== undefined) return sameGroup(parts, existing, sources);
  parts.pools.requireAllSeen();

  const volumes = await Promise.all(sources.map((id) => soundVolume(parts, id)));
  const pool = await onePool(parts, volumes);
  const id = randomUUID();
  const members = await Promise.all(
    volumes.map((volume, index) => planMember(parts, pool, volume, { id, name: `${id}-${index}`, labels })),
  );
  try {
    for (const { volume, snapshot } of members) await claimCopy(parts, volume, snapshot.id);
    const plan = { id, name, createdAt: Date.now(), members };
    const ids = [id, ...members.map(({ snapshot }) => snapshot.id)];
    return await whileWorking(pool, ids, () => bringGroupIn(parts, pool, plan, context));
  } catch (error) {
    for (const { snapshot } of members) parts.inventory.claims.delete(snapshot.id);
    throw error;
  }
}

function sameGroup(parts: EngineParts, existing: PlacedGroup, sources: readonly string[]): SnapshotGroup {
  if (existing.sourceVolumeIds.join() === sources.join()) return parts.catalog.withSnapshots(existing);
  throw new StatusError("ALREADY_EXISTS", `group ${existing.name} exists of other volumes`);
}

/** What makes a group exist is one record, so all of it is in one pool. */
async function onePool(parts: EngineParts, volumes: readonly Volume[]): Promise<Pool> {
  const names = [...new Set(volumes.map(({ pool }) => pool))];
  const [name = ""] = names;
  if (names.length === 1) return await parts.pools.present(name);
  throw new StatusError(
    "FAILED_PRECONDITION",
    `the volumes of a group must be in one pool; these are in ${names.join(", ")}`,
  );
}

async function planMember(
  parts: EngineParts,
  pool: Pool,
  volume: Volume,
  group: { readonly id: string; readonly name: string; readonly labels: Labels },
): Promise<Member> {
  const snapshotId = randomUUID();
  const places = newSnapshotDisk(pool, group.name, snapshotId);
  const request = { name: group.name, sourceVolumeId: volume.id, labels: group.labels };
  const written = await isWrittenTo(parts, volume.id);
  if (written) requireCutsInUse(parts.host.manifest, volume.id);
  return {
    volume,
    snapshot: plannedSnapshot(request, volume, snapshotId, places.disk, group.id),
    places,
    isWrittenTo: written,
  };
}

interface Plan {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly members: readonly Member[];
}

async function bringGroupIn(
  parts: EngineParts,
  pool: Pool,
  { id, name, createdAt, members }: Plan,
  context: CallContext,
): Promise<SnapshotGroup> {
  const { layout, snapshotSync } = pool;
  const record = groupRecord({
    id,
    name,
    createdAt,
    snapshotIds: members.map(({ snapshot }) => snapshot.id),
    sourceVolumeIds: members.map(({ volume }) => volume.id),
  });
  try {
    for (const { places, snapshot } of members) await writeRecord(places.intent, recordOfSnapshot(snapshot));
    await cutAll(parts, members, context);
    // From here on the group exists, and a start finishes what is left.
    await replaceRecord(layout.intent(id), layout.groupRecord(id), record);
    await snapshotSync.flush();
    for (const { places } of members) await settle(places, true);
    await snapshotSync.flush();
  } catch (error) {
    // Nobody was told of it. Its record goes first: without it none of the members exists.
    await Promise.all([layout.groupRecord(id), layout.intent(id)].map((path) => rm(path, { force: true })));
    for (const { places } of members) await discard(places);
    throw error;
  }
  for (const { snapshot } of members) await parts.inventory.putSnapshot(snapshot);
  const group = { ...record, pool: pool.name };
  parts.inventory.putGroup(group);
  return parts.catalog.withSnapshots(group);
}

/** Those in use at one instant; what nobody writes to is the same at any. */
async function cutAll(
  { host }: EngineParts,
  members: readonly Member[],
  context: CallContext,
): Promise<void> {
  const copies = members
    .filter((member) => member.isWrittenTo)
    .map(({ volume: { id, path }, places, snapshot }) => ({
      disk: { volumeId: id, path },
      target: places.temporary,
      virtualDiskId: snapshot.id,
    }));
  if (copies.length > 0) await host.copyInUse(copies, context.signal);
  for (const { volume, places, snapshot, isWrittenTo: written } of members) {
    if (!written) await cutAtRest(volume, places.temporary, snapshot.id, context);
  }
}

/** Removes a group with its snapshots. One that is not there is deleted already. */
export async function deleteSnapshotGroup(parts: EngineParts, id: string): Promise<void> {
  const { catalog, pools, inventory } = parts;
  const group = catalog.groups.byId(id);
  if (group === undefined) {
    pools.requireAllSeen();
    return;
  }
  const pool = await pools.present(group.pool);
  const { snapshotIds } = group;
  await whileWorking(pool, [id, ...snapshotIds], async () => {
    await markGone(pool, group);
    await removeGroup(pool, id, new Set(snapshotIds));
  });
  for (const snapshotId of snapshotIds) inventory.removeSnapshot(snapshotId);
  inventory.removeGroup(id);
}

/** From here on all its snapshots go, whatever happens. Takes no space: a pool may be full. */
async function markGone({ layout, snapshotSync }: Pool, group: PlacedGroup): Promise<void> {
  const { id } = group;
  if (await isThere(layout.groupRecord(id))) await rename(layout.groupRecord(id), layout.goneGroup(id));
  // Somebody removed the record: of what is cut short then, a start would know no end.
  else if (!(await isThere(layout.goneGroup(id))))
    await replaceRecord(layout.intent(id), layout.goneGroup(id), groupRecord(group));
  await snapshotSync.flush();
}

function groupRecord({
  id,
  name,
  createdAt,
  snapshotIds,
  sourceVolumeIds,
}: Omit<PlacedGroup, "pool">): GroupRecord {
  return {
    version: 1,
    kind: "group",
    id,
    name,
    createdAt,
    snapshotIds: [...snapshotIds],
    sourceVolumeIds: [...sourceVolumeIds],
  };
}
