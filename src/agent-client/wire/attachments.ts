import { Type, type Static } from "typebox";
import { VM_ID, VOLUME_ID } from "./values.ts";

/** Where a guest finds a disk: a loop's backing file on the local host, a SCSI controller's unit on Hyper-V. */
const Address = Type.Union([
  Type.Object({ kind: Type.Literal("loop"), backingFile: Type.String() }),
  Type.Object({
    kind: Type.Literal("vmbus"),
    controllerId: Type.String(),
    lun: Type.Integer({ minimum: 0, maximum: 63 }),
  }),
]);

export const AttachmentAnswer = Type.Object(
  {
    VmId: Type.String(),
    VolumeId: Type.String(),
    ReadOnly: Type.Boolean(),
    Address,
  },
  {
    examples: [
      {
        VmId: VM_ID,
        VolumeId: VOLUME_ID,
        ReadOnly: false,
        Address: { kind: "loop", backingFile: `/srv/volumes/.vms/${VM_ID}/${VOLUME_ID}.vhdx` },
      },
    ],
  },
);
export type AttachmentAnswer = Static<typeof AttachmentAnswer>;

export const AttachmentList = Type.Object(
  { Attachments: Type.Array(AttachmentAnswer) },
  {
    examples: [
      {
        Attachments: [
          {
            VmId: VM_ID,
            VolumeId: VOLUME_ID,
            ReadOnly: false,
            Address: { kind: "loop", backingFile: `/srv/volumes/.vms/${VM_ID}/${VOLUME_ID}.vhdx` },
          },
        ],
      },
    ],
  },
);
export type AttachmentList = Static<typeof AttachmentList>;
