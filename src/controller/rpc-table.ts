import { ASKS_NOBODY, type RpcFacts } from "../csi/rpc-facts.ts";
import type { GroupControllerRpcs, SnapshotMetadataRpcs } from "../csi/rpc.ts";
import type { controllerService } from "./controller.ts";

const READS = { key: "changes nothing", lock: "none" } as const;

/** The Controller service. A test makes each call and compares what reaches the agents. */
export const controllerTable = {
  CreateVolume: {
    key: "`name`; another size or source is ALREADY_EXISTS",
    lock: "agent: the name and the file's name; its source, shared",
    host: {
      "one group allowed": ["POST /volume/:id"],
      "several groups allowed": ["GET /volume/:id", "GET /capacity", "POST /volume/:id"],
      "of a snapshot": ["GET /snapshot/:id", "POST /volume/:id"],
      "of a volume": ["GET /volume/:id", "POST /volume/:id"],
    },
  },
  DeleteVolume: {
    key: "the volume; one that is gone is success",
    lock: "agent: the volume and its name",
    host: { "": ["DELETE /volume/:id"] },
  },
  ControllerPublishVolume: {
    key: "volume and node; another mode is ALREADY_EXISTS",
    lock: "agent: the volume and the VM",
    host: { "": ["PUT /attachment/node/:id/volume/:id"] },
  },
  ControllerUnpublishVolume: {
    key: "volume and node; what is gone is success",
    lock: "agent: the volume and the VM",
    host: {
      "of a node": ["DELETE /attachment/node/:id/volume/:id"],
      "of all nodes": ["GET /volume/:id/attachments", "DELETE /attachment/node/:id/volume/:id"],
    },
  },
  ValidateVolumeCapabilities: { ...READS, host: { "": ["GET /volume/:id"] } },
  ListVolumes: { ...READS, host: { "": ["GET /volumes", "GET /volumes/health"] } },
  GetCapacity: { ...READS, host: { "": ["GET /capacity"] } },
  ControllerExpandVolume: {
    key: "volume and size; one that is large enough is success",
    lock: "agent: the volume",
    host: { "": ["PUT /volume/:id"] },
  },
  ControllerGetVolume: {
    ...READS,
    host: { "": ["GET /volume/:id", "GET /volume/:id/attachments", "GET /volume/:id/health"] },
  },
  ControllerGetVolumeHealth: { ...READS, host: { "": ["GET /volume/:id/health"] } },
  ControllerListVolumeHealth: { ...READS, host: { "": ["GET /volumes/health"] } },
  ControllerModifyVolume: {
    key: "volume and parameters",
    lock: "agent: the volume",
    host: { "": ["PATCH /volume/:id"] },
  },
  CreateSnapshot: {
    key: "`name`; another source is ALREADY_EXISTS",
    lock: "agent: the name; the volume, shared",
    host: { "": ["POST /snapshot/:id"] },
  },
  DeleteSnapshot: {
    key: "the snapshot; one that is gone is success",
    lock: "agent: the snapshot and its name",
    host: { "": ["DELETE /snapshot/:id"] },
  },
  GetSnapshot: { ...READS, host: { "": ["GET /snapshot/:id"] } },
  ListSnapshots: {
    ...READS,
    host: { "all, or of a volume": ["GET /snapshots"], one: ["GET /snapshot/:id"] },
  },
  ControllerGetCapabilities: ASKS_NOBODY,
} as const satisfies Record<keyof ReturnType<typeof controllerService>, RpcFacts>;

/** The GroupController service. */
export const groupControllerTable = {
  GroupControllerGetCapabilities: ASKS_NOBODY,
  CreateVolumeGroupSnapshot: {
    key: "`name`; other sources are ALREADY_EXISTS",
    lock: "agent: the name; each volume, shared",
    host: { "": ["POST /snapshotgroup/:id"] },
  },
  DeleteVolumeGroupSnapshot: {
    key: "the group; one that is gone is success",
    lock: "agent: the group, its name, its snapshots",
    host: { "": ["GET /snapshotgroup/:id", "DELETE /snapshotgroup/:id"] },
  },
  GetVolumeGroupSnapshot: { ...READS, host: { "": ["GET /snapshotgroup/:id"] } },
} as const satisfies Record<keyof GroupControllerRpcs, RpcFacts>;

/** The SnapshotMetadata service. */
export const snapshotMetadataTable = {
  GetMetadataAllocated: {
    ...READS,
    host: { "": ["GET /snapshot/:id", "GET /snapshot/:id/blocks"] },
  },
  GetMetadataDelta: {
    ...READS,
    host: { "": ["GET /snapshot/:id", "GET /snapshot/:id/blocks"] },
  },
} as const satisfies Record<keyof SnapshotMetadataRpcs, RpcFacts>;
