import type { ClientCall } from "../agent-client/agent-client.ts";
import type { SnapshotAnswer } from "../agent-client/wire.ts";
import { parseHandle } from "../csi/handle.ts";
import { StatusError } from "../kit/errors.ts";
import type { Groups, Place } from "./groups.ts";

/**
 * Where the snapshot of a handle is; undefined for a text that no snapshot has as its handle. All have their group in it.
 * @throws StatusError UNAVAILABLE a group that we don't know
 */
export async function snapshotPlace(
  groups: Groups,
  handle: string,
  call: ClientCall,
): Promise<Place | undefined> {
  const parsed = parseHandle(handle);
  return parsed?.group === undefined ? undefined : await groups.locateParsed(parsed, call);
}

/** The snapshot of a handle. The agent also finds snapshots by name: only the id counts here. @throws NOT_FOUND */
export async function existingSnapshot(
  groups: Groups,
  handle: string,
  call: ClientCall,
): Promise<{ readonly place: Place; readonly snapshot: SnapshotAnswer }> {
  const place = await snapshotPlace(groups, handle, call);
  if (place !== undefined) {
    const snapshot = await place.group.agent.getSnapshot(place.id, call);
    if (snapshot.id === place.id) return { place, snapshot };
  }
  throw new StatusError("NOT_FOUND", `no snapshot has the id ${JSON.stringify(handle.slice(0, 128))}`);
}
