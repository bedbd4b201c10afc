import type { GroupControllerRpcs } from "../../csi/rpc.ts";
import type { ControllerParts } from "../parts.ts";
import { createGroupSnapshot } from "./create-group-snapshot.ts";
import { deleteGroupSnapshot } from "./delete-group-snapshot.ts";
import { getGroupSnapshot } from "./get-group-snapshot.ts";

/** The GroupController service: snapshots of several volumes at one instant. */
export function groupControllerService(parts: ControllerParts) {
  return {
    GroupControllerGetCapabilities: () =>
      Promise.resolve({ capabilities: [{ rpc: { type: "CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT" } }] }),
    CreateVolumeGroupSnapshot: createGroupSnapshot(parts),
    DeleteVolumeGroupSnapshot: deleteGroupSnapshot(parts),
    GetVolumeGroupSnapshot: getGroupSnapshot(parts),
  } satisfies GroupControllerRpcs;
}
