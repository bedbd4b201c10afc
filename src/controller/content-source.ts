import type { ClientCall } from "../agent-client/agent-client.ts";
import { parseHandle } from "../csi/handle.ts";
import type { VolumeContentSource__Output } from "../csi/generated/csi/v1/VolumeContentSource.ts";
import { StatusError } from "../kit/errors.ts";
import { existingVolume } from "./existing-volume.ts";
import type { Group, Groups } from "./groups.ts";
import { look } from "./look.ts";
import { existingSnapshot } from "./snapshot-place.ts";

/** What a new volume is copied from: it comes to lie where that lies. */
export interface ContentSource {
  readonly group: Group;
  /** Bytes that the copy has at least. */
  readonly size: bigint;
  /** True when it does not exist any more, and a volume of the name asked for does: the size is that volume's. */
  readonly isGone: boolean;
  /** As the agent is asked for it. */
  readonly query: { readonly sourceSnapshot: string } | { readonly sourceVolume: string };
}

/**
 * Finds the source of the volume `name`. One that is gone is still told when there is a volume of that name, which may be
 * the copy that an equal request made before: the agent knows what it was copied from.
 * @throws StatusError INVALID_ARGUMENT for neither a volume nor a snapshot; NOT_FOUND when it does not exist
 */
export async function findContentSource(
  groups: Groups,
  { snapshot, volume }: VolumeContentSource__Output,
  name: string,
  call: ClientCall,
): Promise<ContentSource> {
  const snapshotId = snapshot?.snapshot_id ?? "";
  const volumeId = volume?.volume_id ?? "";
  const handle = snapshotId === "" ? volumeId : snapshotId;
  if (handle === "") {
    throw new StatusError("INVALID_ARGUMENT", "volume_content_source names neither a snapshot nor a volume");
  }
  const queryOf = (id: string) => (snapshotId === "" ? { sourceVolume: id } : { sourceSnapshot: id });
  try {
    const { group, id, size } = await (snapshotId === "" ? volumeAt : snapshotAt)(groups, handle, call);
    return { group, size: BigInt(size), isGone: false, query: queryOf(id) };
  } catch (error) {
    const id = parseHandle(handle)?.id;
    if (id === undefined || StatusError.from(error).code !== "NOT_FOUND") throw error;
    const copy = await volumeNamed(groups, handle, name, call);
    if (copy === undefined) throw error;
    return { ...copy, isGone: true, query: queryOf(id) };
  }
}

interface Found {
  readonly group: Group;
  readonly id: string;
  readonly size: number;
}

async function snapshotAt(groups: Groups, handle: string, call: ClientCall): Promise<Found> {
  const { place, snapshot } = await existingSnapshot(groups, handle, call);
  return { ...place, size: snapshot.size };
}

async function volumeAt(groups: Groups, handle: string, call: ClientCall): Promise<Found> {
  const place = await groups.locate(handle, call);
  return { ...place, size: (await existingVolume(place, call)).size };
}

/** The volume of a name in the group that a handle names; in any group when it names none. */
async function volumeNamed(
  groups: Groups,
  handle: string,
  name: string,
  call: ClientCall,
): Promise<{ readonly group: Group; readonly size: bigint } | undefined> {
  const only = parseHandle(handle)?.group;
  for (const group of groups.all()) {
    if (only !== undefined && group.name !== only) continue;
    try {
      const volume = await look(group, call, (agent, own) => agent.getVolume(name, own));
      if (volume.name === name) return { group, size: BigInt(volume.size) };
    } catch (error) {
      if (StatusError.from(error).code !== "NOT_FOUND") throw error;
    }
  }
  return undefined;
}
