import type { ControllerRpcs } from "../csi/rpc.ts";

/** What the controller advertises, and the RPCs that each capability stands for. */
export const controllerCapabilities = {
  CREATE_DELETE_VOLUME: ["CreateVolume", "DeleteVolume"],
  PUBLISH_UNPUBLISH_VOLUME: ["ControllerPublishVolume", "ControllerUnpublishVolume"],
  PUBLISH_READONLY: ["ControllerPublishVolume"],
  LIST_VOLUMES: ["ListVolumes"],
  LIST_VOLUMES_PUBLISHED_NODES: ["ListVolumes"],
  GET_CAPACITY: ["GetCapacity"],
  EXPAND_VOLUME: ["ControllerExpandVolume"],
  GET_VOLUME: ["ControllerGetVolume"],
  CREATE_DELETE_SNAPSHOT: ["CreateSnapshot", "DeleteSnapshot"],
  LIST_SNAPSHOTS: ["ListSnapshots"],
  GET_SNAPSHOT: ["GetSnapshot"],
  CLONE_VOLUME: ["CreateVolume"],
  SINGLE_NODE_MULTI_WRITER: ["CreateVolume", "ControllerPublishVolume"],
  MODIFY_VOLUME: ["ControllerModifyVolume", "CreateVolume"],
  VOLUME_CONDITION: ["ListVolumes", "ControllerGetVolume"],
  GET_VOLUME_HEALTH: ["ControllerGetVolumeHealth"],
  LIST_VOLUME_HEALTH: ["ControllerListVolumeHealth"],
} as const satisfies Record<string, readonly (keyof ControllerRpcs)[]>;

/** RPCs that every controller has, so that no capability names them. */
export const mandatoryControllerRpcs = ["ControllerGetCapabilities", "ValidateVolumeCapabilities"] as const;
