import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { readCapability } from "../csi/volume-capability.ts";
import { readGrowth } from "./capacity-range.ts";
import type { ControllerParts } from "./parts.ts";

/** Grows a volume, attached or not. A volume that is large enough already is success. */
export function expandVolume({ groups }: ControllerParts): ControllerRpcs["ControllerExpandVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "capacity_range");
    const { required, limit } = readGrowth(request.capacity_range);
    if (request.volume_capability !== null) readCapability(request.volume_capability);
    const { group, id } = await groups.locate(request.volume_id, call);
    const grown = await group.agent.expandVolume(id, required, limit, call);
    return { capacity_bytes: grown.CapacityBytes, node_expansion_required: grown.NodeExpansionRequired };
  };
}
