import { parseHandle, parseNodeId } from "../csi/handle.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import type { ControllerParts } from "./parts.ts";
import { unlessGone } from "../kit/unless-gone.ts";

/**
 * Detaches a volume from a node, or from all when none is named. A volume or VM that is gone, or can't exist, is detached.
 * From a node that was fenced only while its VM is off: nobody has let the disk go there.
 */
export function unpublishVolume({
  groups,
  isFenced = () => Promise.resolve(false),
}: ControllerParts): ControllerRpcs["ControllerUnpublishVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id");
    const handle = parseHandle(request.volume_id);
    // Nothing was ever published under it. An error would keep the attachment of a mistyped volume for ever.
    if (handle === undefined) return {};
    const place = await unlessGone(groups.locateParsed(handle, call));
    if (place === undefined) return {};
    const { group, id } = place;
    const detach = async (vmId: string) => {
      await group.agent.detach(vmId, id, call, await isFenced(vmId, call.signal));
    };
    if (request.node_id !== "") {
      const vmId = parseNodeId(request.node_id);
      // No VM can have such an id, so none has the volume under it.
      if (vmId !== undefined) await detach(vmId);
      return {};
    }
    const attachments = (await unlessGone(group.agent.attachmentsOf(id, call))) ?? [];
    await Promise.all(attachments.map(({ VmId }) => detach(VmId)));
    return {};
  };
}
