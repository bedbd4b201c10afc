import type { ClientCall } from "../agent-client/agent-client.ts";
import type { VolumeAnswer } from "../agent-client/wire.ts";
import { StatusError } from "../kit/errors.ts";
import type { Place } from "./groups.ts";

/** The volume at a place. The agent also finds volumes by name: only the id counts here. @throws NOT_FOUND */
export async function existingVolume({ group, id }: Place, call: ClientCall): Promise<VolumeAnswer> {
  const volume = await group.agent.getVolume(id, call);
  if (volume.id === id) return volume;
  throw new StatusError("NOT_FOUND", `volume ${id} does not exist in group ${group.name}`);
}
