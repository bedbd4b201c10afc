import type * as wire from "../../agent-client/wire.ts";
import { toJsonSize } from "../../kit/sizes.ts";
import type { AttachedVolume, Page, Snapshot, SnapshotGroup, Volume } from "../engine/model.ts";
import type { Attachment, Vm } from "../hosts/host.ts";

/** The engine's answers as the volume service API writes them. */
export function volumeAnswer(volume: Volume): wire.VolumeAnswer {
  const { name, id, size, pool, type, createdAt, labels, attributes, source, fault } = volume;
  return {
    name,
    id,
    size: toJsonSize(size),
    pool,
    type,
    created_at: timeAnswer(createdAt),
    labels: { ...labels },
    attributes: { ...attributes },
    source: source === undefined ? null : { ...source },
    fault: fault ?? null,
  };
}

export function volumeList({ items, nextToken }: Page<AttachedVolume>): wire.VolumeList {
  return {
    volumes: items.map((volume) => ({
      Path: volume.path,
      Name: volume.name,
      Size: toJsonSize(volume.size),
      DiskIdentifier: volume.id,
      Host: volume.attachments[0]?.vmId ?? null,
      Hosts: volume.attachments.map(({ vmId }) => vmId),
      Pool: volume.pool,
      Type: volume.type,
      CreatedAt: timeAnswer(volume.createdAt),
      Labels: { ...volume.labels },
      Attributes: { ...volume.attributes },
      Source: volume.source === undefined ? null : { ...volume.source },
      Fault: volume.fault ?? null,
    })),
    next_token: nextToken ?? "",
  };
}

/** A snapshot is there when it is cut to its end: all of them can be used. */
export function snapshotAnswer(snapshot: Snapshot): wire.SnapshotAnswer {
  const { name, id, size, pool, createdAt, sourceVolumeId, groupId, labels } = snapshot;
  return {
    name,
    id,
    size: toJsonSize(size),
    pool,
    created_at: timeAnswer(createdAt),
    volume: sourceVolumeId ?? null,
    group: groupId ?? null,
    ready_to_use: true,
    labels: { ...labels },
  };
}

export function groupAnswer({ name, id, createdAt, snapshots }: SnapshotGroup): wire.SnapshotGroupAnswer {
  return {
    name,
    id,
    created_at: timeAnswer(createdAt),
    ready_to_use: true,
    snapshots: snapshots.map(snapshotAnswer),
  };
}

export function attachmentAnswer({ vmId, volumeId, readOnly, address }: Attachment): wire.AttachmentAnswer {
  return { VmId: vmId, VolumeId: volumeId, ReadOnly: readOnly, Address: address };
}

export function vmAnswer({ name, id, path, generation, state }: Vm): wire.VmAnswer {
  return { Name: name, Id: id, Path: path, Generation: generation, State: state };
}

/** Milliseconds since 1970 as text; a clock that was far off must not break a list. */
export function timeAnswer(milliseconds: number): string {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}
