import { Type, type Static } from "typebox";

/**
 * JSON of the volume service API, shared by the agent and its clients. Keys are written as that API's clients read
 * them: a volume in lower case, list items and most answers in PascalCase. Sizes are bytes and stay below 2^53.
 */
const Bytes = Type.Integer({ minimum: 0 });

export const VolumeAnswer = Type.Object({ name: Type.String(), id: Type.String(), size: Bytes });
export type VolumeAnswer = Static<typeof VolumeAnswer>;

export const AttachmentAnswer = Type.Object({
  VmId: Type.String(),
  VolumeId: Type.String(),
  ReadOnly: Type.Boolean(),
  Address: Type.Object({ kind: Type.Literal("loop"), backingFile: Type.String() }),
});
export type AttachmentAnswer = Static<typeof AttachmentAnswer>;

export const AttachmentList = Type.Object({ Attachments: Type.Array(AttachmentAnswer) });
export type AttachmentList = Static<typeof AttachmentList>;

export const ListedVolume = Type.Object({
  Path: Type.String(),
  Name: Type.String(),
  Size: Bytes,
  DiskIdentifier: Type.String(),
  /** Id of the VM that has the volume; null when none has. */
  Host: Type.Union([Type.String(), Type.Null()]),
  /** Ids of all VMs that have it: several can read one disk. */
  Hosts: Type.Array(Type.String()),
});
export type ListedVolume = Static<typeof ListedVolume>;

export const VolumeList = Type.Object({
  volumes: Type.Array(ListedVolume),
  /** Empty on the last page. */
  next_token: Type.String(),
});
export type VolumeList = Static<typeof VolumeList>;

export const ExpandAnswer = Type.Object({ CapacityBytes: Bytes, NodeExpansionRequired: Type.Boolean() });
export type ExpandAnswer = Static<typeof ExpandAnswer>;

export const CapacityAnswer = Type.Object({
  AvailableCapacity: Bytes,
  MinimumVolumeSize: Bytes,
  MaximumVolumeSize: Bytes,
});
export type CapacityAnswer = Static<typeof CapacityAnswer>;

export const VmAnswer = Type.Object({
  Name: Type.String(),
  Id: Type.String(),
  Path: Type.String(),
  Generation: Type.Integer(),
});
export type VmAnswer = Static<typeof VmAnswer>;

export const VmList = Type.Object({ VMs: Type.Array(VmAnswer) });
export type VmList = Static<typeof VmList>;

/** `code` is gRPC's status number. */
export const ErrorAnswer = Type.Object({ code: Type.Integer(), message: Type.String() });
export type ErrorAnswer = Static<typeof ErrorAnswer>;
