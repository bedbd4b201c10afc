import type { ControllerRpcs } from "../csi/rpc.ts";
import { controllerCapabilities } from "./capabilities.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { createVolume } from "./create-volume.ts";
import { deleteSnapshot } from "./delete-snapshot.ts";
import { deleteVolume } from "./delete-volume.ts";
import { expandVolume } from "./expand-volume.ts";
import { getCapacity } from "./get-capacity.ts";
import { getSnapshot } from "./get-snapshot.ts";
import { getVolume } from "./get-volume.ts";
import { getVolumeHealth } from "./get-volume-health.ts";
import { listSnapshots } from "./list-snapshots.ts";
import { listVolumeHealth } from "./list-volume-health.ts";
import { listVolumes } from "./list-volumes.ts";
import { modifyVolume } from "./modify-volume.ts";
import type { ControllerParts } from "./parts.ts";
import { publishVolume } from "./publish-volume.ts";
import { unpublishVolume } from "./unpublish-volume.ts";
import { validateCapabilities } from "./validate-capabilities.ts";

/** The Controller service: each RPC is a file of its own that translates to calls of a group's agent. */
export function controllerService(parts: ControllerParts) {
  return {
    CreateVolume: createVolume(parts),
    DeleteVolume: deleteVolume(parts),
    ControllerPublishVolume: publishVolume(parts),
    ControllerUnpublishVolume: unpublishVolume(parts),
    ValidateVolumeCapabilities: validateCapabilities(parts),
    ListVolumes: listVolumes(parts),
    GetCapacity: getCapacity(parts),
    ControllerExpandVolume: expandVolume(parts),
    ControllerGetVolume: getVolume(parts),
    ControllerGetVolumeHealth: getVolumeHealth(parts),
    ControllerListVolumeHealth: listVolumeHealth(parts),
    ControllerModifyVolume: modifyVolume(parts),
    CreateSnapshot: createSnapshot(parts),
    DeleteSnapshot: deleteSnapshot(parts),
    GetSnapshot: getSnapshot(parts),
    ListSnapshots: listSnapshots(parts),
    ControllerGetCapabilities: () =>
      Promise.resolve({
        capabilities: (Object.keys(controllerCapabilities) as (keyof typeof controllerCapabilities)[]).map(
          (type) => ({
            rpc: { type },
          }),
        ),
      }),
  } satisfies Partial<ControllerRpcs>;
}
