import { Type, type Static } from "typebox";
import { VM_ID } from "./values.ts";

export const VmAnswer = Type.Object(
  {
    Name: Type.String(),
    Id: Type.String(),
    Path: Type.String(),
    Generation: Type.Integer(),
    /** `off` is proven by the host that has the VM; saved, paused, on the way and unknown are `other`. */
    State: Type.Union([Type.Literal("running"), Type.Literal("off"), Type.Literal("other")]),
  },
  { examples: [{ Name: "worker-1", Id: VM_ID, Path: "", Generation: 2, State: "running" }] },
);
export type VmAnswer = Static<typeof VmAnswer>;

export const VmList = Type.Object(
  { VMs: Type.Array(VmAnswer) },
  { examples: [{ VMs: [{ Name: "worker-1", Id: VM_ID, Path: "", Generation: 2, State: "running" }] }] },
);
export type VmList = Static<typeof VmList>;
