import { formatHandle } from "../csi/handle.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { volumeCondition } from "../csi/volume-condition.ts";
import { existingVolume } from "./existing-volume.ts";
import type { ControllerParts } from "./parts.ts";

/** One volume, the nodes that have it, and how it is. */
export function getVolume({ groups, names }: ControllerParts): ControllerRpcs["ControllerGetVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id");
    const place = await groups.locate(request.volume_id, call);
    const [volume, attachments, { problems }] = await Promise.all([
      existingVolume(place, call),
      place.group.agent.attachmentsOf(place.id, call),
      place.group.agent.volumeHealth(place.id, call),
    ]);
    return {
      volume: {
        volume_id: formatHandle(place.group.name, volume.id),
        capacity_bytes: volume.size,
        accessible_topology: [{ segments: { [names.topologyKey]: place.group.name } }],
      },
      status: {
        published_node_ids: attachments.map(({ VmId }) => VmId),
        volume_condition: volumeCondition(problems.map(({ message }) => message)),
      },
    };
  };
}
