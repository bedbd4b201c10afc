import { ASKS_NOBODY, type RpcFacts } from "../csi/rpc-facts.ts";
import type { nodeService } from "./node.ts";

/** A second change of a volume is ABORTED at once. No call of the node reaches an agent. */
const CHANGES = { lock: "node: the volume, not waited for", host: {} } as const;

/** The Node service. */
export const nodeTable = {
  NodeStageVolume: { ...CHANGES, key: "volume and staging path; another volume there is refused" },
  NodeUnstageVolume: { ...CHANGES, key: "volume and staging path; one that is not staged is success" },
  NodePublishVolume: { ...CHANGES, key: "volume and target path; another mode is ALREADY_EXISTS" },
  NodeUnpublishVolume: { ...CHANGES, key: "volume and target path; one that is not there is success" },
  NodeExpandVolume: { ...CHANGES, key: "volume; what has its size already is success" },
  NodeGetVolumeStats: ASKS_NOBODY,
  NodeGetVolumeHealth: ASKS_NOBODY,
  NodeGetStorageHealth: ASKS_NOBODY,
  NodeGetCapabilities: ASKS_NOBODY,
  NodeGetInfo: ASKS_NOBODY,
} as const satisfies Record<keyof ReturnType<typeof nodeService>, RpcFacts>;
