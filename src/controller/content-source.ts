import type { ClientCall } from "../agent-client/agent-client.ts";
import type { VolumeContentSource__Output } from "../csi/generated/csi/v1/VolumeContentSource.ts";
import { StatusError } from "../kit/errors.ts";
import { existingVolume } from "./existing-volume.ts";
import type { Group, Groups } from "./groups.ts";
import { existingSnapshot } from "./snapshot-place.ts";

/** What a new volume is copied from: it comes to lie where that lies. */
export interface ContentSource {
  readonly group: Group;
  /** Bytes that the copy has at least. */
  readonly size: bigint;
  /** As the agent is asked for it. */
  readonly query: { readonly sourceSnapshot: string } | { readonly sourceVolume: string };
}

/** @throws StatusError INVALID_ARGUMENT for neither a volume nor a snapshot; NOT_FOUND when it does not exist */
export async function findContentSource(
  groups: Groups,
  { snapshot, volume }: VolumeContentSource__Output,
  call: ClientCall,
): Promise<ContentSource> {
  const snapshotId = snapshot?.snapshot_id ?? "";
  if (snapshotId !== "") {
    const { place, snapshot: found } = await existingSnapshot(groups, snapshotId, call);
    return { group: place.group, size: BigInt(found.size), query: { sourceSnapshot: place.id } };
  }
  const volumeId = volume?.volume_id ?? "";
  if (volumeId !== "") {
    const place = await groups.locate(volumeId, call);
    const found = await existingVolume(place, call);
    return { group: place.group, size: BigInt(found.size), query: { sourceVolume: place.id } };
  }
  throw new StatusError("INVALID_ARGUMENT", "volume_content_source names neither a snapshot nor a volume");
}
