import type { NodeRpcs } from "../csi/rpc.ts";
import { nodeCapabilities } from "./capabilities.ts";
import { expandVolume } from "./expand-volume.ts";
import type { NodeParts } from "./parts.ts";
import { publishVolume, type Published } from "./publish-volume.ts";
import { stageVolume } from "./stage-volume.ts";
import { storageHealth } from "./storage-health.ts";
import { unpublishVolume } from "./unpublish-volume.ts";
import { unstageVolume } from "./unstage-volume.ts";
import { volumeHealth } from "./volume-health.ts";
import { volumeStats } from "./volume-stats.ts";

/** The Node service of one VM. */
export function nodeService(parts: NodeParts) {
  const published: Published = new Set();
  return {
    NodeStageVolume: stageVolume(parts),
    NodeUnstageVolume: unstageVolume(parts),
    NodePublishVolume: publishVolume(parts, published),
    NodeUnpublishVolume: unpublishVolume(parts, published),
    NodeGetVolumeStats: volumeStats(parts),
    NodeGetVolumeHealth: volumeHealth(parts),
    NodeGetStorageHealth: storageHealth(parts),
    NodeExpandVolume: expandVolume(parts),
    NodeGetCapabilities: () =>
      Promise.resolve({
        capabilities: (Object.keys(nodeCapabilities) as (keyof typeof nodeCapabilities)[]).map((type) => ({
          rpc: { type },
        })),
      }),
    NodeGetInfo: async () => ({
      node_id: await parts.facts.nodeId(),
      max_volumes_per_node: await parts.facts.maxVolumes(),
      accessible_topology: { segments: { [parts.names.topologyKey]: await parts.facts.group() } },
    }),
  } satisfies Partial<NodeRpcs>;
}
