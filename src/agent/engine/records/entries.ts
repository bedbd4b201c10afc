import type { Attributes, Labels, Snapshot, Volume } from "../model.ts";
import { fileNameOf } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import type { SnapshotRecord, VolumeRecord } from "../records/record.ts";
import type { FoundDisk } from "../recovery/read-disk.ts";

/** One object for all volumes that have none: a pool may have a hundred thousand. */
const NOTHING: Labels & Attributes = Object.freeze({});

function orNothing(texts: Labels | undefined): Labels {
  return texts === undefined || Object.keys(texts).length === 0 ? NOTHING : texts;
}

type SoundDisk = Pick<FoundDisk, "id" | "name" | "size" | "type" | "path" | "createdAt">;

/** The volume that a disk and its record, if it has one, make. */
export function volumeOf(pool: string, disk: SoundDisk, record: VolumeRecord | undefined): Volume {
  return {
    ...common(pool, disk),
    name: record?.csiName ?? disk.name,
    createdAt: record?.createdAt ?? disk.createdAt,
    // One text where the two are equal, for the same reason.
    lineage: record?.lineage === disk.id ? disk.id : (record?.lineage ?? disk.id),
    labels: orNothing(record?.labels),
    attributes: orNothing(record?.attributes),
    source: record?.source,
    mountPoints: orNothing(record?.mountPoints),
    fault: undefined,
  };
}

/** A record whose disk is not there: nobody deleted that through us. */
export function volumeWithoutDisk({ name: pool, layout }: Pool, record: VolumeRecord): Volume {
  const { id, name, createdAt } = record;
  const path = layout.disk(name, id);
  const disk = { id, name, size: 0n, type: "fixed" as const, path, createdAt };
  return { ...volumeOf(pool, disk, record), fault: `its disk ${path} is missing` };
}

/** The snapshot that a disk and its record make; without a record nobody knows what it was cut from. */
export function snapshotOf(pool: string, disk: SoundDisk, record: SnapshotRecord | undefined): Snapshot {
  return {
    ...common(pool, disk),
    createdAt: record?.createdAt ?? disk.createdAt,
    lineage: record?.lineage ?? record?.sourceVolumeId ?? disk.id,
    labels: orNothing(record?.labels),
    sourceVolumeId: record?.sourceVolumeId,
    groupId: record?.groupId,
  };
}

function common(pool: string, { id, name, size, type, path }: SoundDisk) {
  return { id, name, pool, size, type, path };
}

/** What a volume's record says; undefined for a volume whose disk says it all. */
export function recordOfVolume(volume: Volume): VolumeRecord | undefined {
  const { id, lineage, labels, attributes, source, mountPoints } = volume;
  const isPlain =
    volume.name === fileNameOf(volume) &&
    source === undefined &&
    lineage === id &&
    [labels, attributes, mountPoints].every((texts) => Object.keys(texts).length === 0);
  return isPlain ? undefined : volumeRecord(volume);
}

/** All there is to record of a volume. */
export function volumeRecord(volume: Volume): VolumeRecord {
  const { id, createdAt, lineage, labels, attributes, source, mountPoints } = volume;
  const name = fileNameOf(volume);
  return {
    version: 1,
    kind: "volume",
    id,
    name,
    ...(volume.name === name ? {} : { csiName: volume.name }),
    createdAt,
    lineage,
    labels,
    attributes,
    ...(source === undefined ? {} : { source }),
    mountPoints,
  };
}

/** What a snapshot's record says. */
export function recordOfSnapshot(snapshot: Snapshot): SnapshotRecord {
  const { id, name, createdAt, lineage, labels, sourceVolumeId, groupId } = snapshot;
  return {
    version: 1,
    kind: "snapshot",
    id,
    name,
    createdAt,
    lineage,
    labels,
    sourceVolumeId: sourceVolumeId ?? id,
    ...(groupId === undefined ? {} : { groupId }),
  };
}
