import type { NodeRpcs } from "../csi/rpc.ts";

/** What the node advertises, and the RPCs that each capability stands for. */
export const nodeCapabilities = {
  STAGE_UNSTAGE_VOLUME: ["NodeStageVolume", "NodeUnstageVolume"],
  GET_VOLUME_STATS: ["NodeGetVolumeStats"],
  VOLUME_CONDITION: ["NodeGetVolumeStats"],
  GET_VOLUME_HEALTH: ["NodeGetVolumeHealth"],
  GET_STORAGE_HEALTH: ["NodeGetStorageHealth"],
  EXPAND_VOLUME: ["NodeExpandVolume"],
  SINGLE_NODE_MULTI_WRITER: ["NodePublishVolume"],
} as const satisfies Record<string, readonly (keyof NodeRpcs)[]>;

/** RPCs that every node has, so that no capability names them. */
export const mandatoryNodeRpcs = [
  "NodeGetCapabilities",
  "NodeGetInfo",
  "NodePublishVolume",
  "NodeUnpublishVolume",
] as const;
