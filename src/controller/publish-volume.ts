import { encodePublishContext } from "../agent-client/disk-address.ts";
import { parseNodeId } from "../csi/handle.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { readCapability } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";
import { existingVolume } from "./existing-volume.ts";
import type { ControllerParts } from "./parts.ts";

/** Attaches a volume to the VM that is the node. */
export function publishVolume({ groups }: ControllerParts): ControllerRpcs["ControllerPublishVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "node_id", "volume_capability");
    readCapability(request.volume_capability);
    const place = await groups.locate(request.volume_id, call);
    const { group, id } = place;
    const vmId = parseNodeId(request.node_id);
    if (vmId === undefined) {
      // Which of the two is missing decides what the caller does next: the volume is looked at first.
      await existingVolume(place, call);
      throw new StatusError("NOT_FOUND", `no VM has the id ${JSON.stringify(request.node_id.slice(0, 128))}`);
    }
    const attachment = await group.agent.attach(vmId, id, request.readonly, call);
    return { publish_context: encodePublishContext(attachment.Address) };
  };
}
