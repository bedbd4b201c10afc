import type { ListedVolume } from "../agent-client/wire.ts";
import type { _csi_v1_ListVolumesResponse_Entry as Entry } from "../csi/generated/csi/v1/ListVolumesResponse.ts";
import { formatHandle } from "../csi/handle.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { listOverGroups, type Weighed, weightOf } from "./grouped-list.ts";
import type { ControllerParts } from "./parts.ts";

/** The volumes of all groups, group by group, each in the order of ids. */
export function listVolumes({ groups, names }: ControllerParts): ControllerRpcs["ListVolumes"] {
  return (request, call) =>
    listOverGroups(
      request,
      groups,
      async ({ name, agent }, maxEntries, token) => {
        const { volumes, next_token } = await agent.listVolumes(maxEntries, token, call);
        return {
          entries: volumes.map((volume) => entryOf(volume, name, names.topologyKey)),
          next: next_token,
        };
      },
      call,
    );
}

function entryOf(listed: ListedVolume, group: string, topologyKey: string): Weighed<Entry> {
  const handle = formatHandle(group, listed.DiskIdentifier);
  return {
    entry: {
      volume: {
        volume_id: handle,
        capacity_bytes: listed.Size,
        accessible_topology: [{ segments: { [topologyKey]: group } }],
      },
      status: { published_node_ids: listed.Hosts },
    },
    bytes: weightOf([handle, topologyKey, group, ...listed.Hosts]),
  };
}
