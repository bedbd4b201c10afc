import { parseNodeId } from "../csi/handle.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import type { ControllerParts } from "./parts.ts";

/** Detaches a volume from a node, or from all when none is named. A volume or VM that is gone is detached. */
export function unpublishVolume({ groups }: ControllerParts): ControllerRpcs["ControllerUnpublishVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id");
    const { group, id } = await groups.locate(request.volume_id, call);
    if (request.node_id !== "") {
      const vmId = parseNodeId(request.node_id);
      // No VM can have such an id, so none has the volume under it.
      if (vmId !== undefined) await group.agent.detach(vmId, id, call);
      return {};
    }
    try {
      const attachments = await group.agent.attachmentsOf(id, call);
      await Promise.all(attachments.map(({ VmId }) => group.agent.detach(VmId, id, call)));
    } catch (error) {
      if (!(error instanceof StatusError && error.code === "NOT_FOUND")) throw error;
    }
    return {};
  };
}
