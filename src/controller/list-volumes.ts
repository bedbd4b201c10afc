import type { ListedVolume } from "../agent-client/wire.ts";
import type { _csi_v1_ListVolumesResponse_Entry as Entry } from "../csi/generated/csi/v1/ListVolumesResponse.ts";
import { formatHandle } from "../csi/handle.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import type { Topology } from "../csi/generated/csi/v1/Topology.ts";
import { type GroupedList, listOverGroups, type Weighed, weightOf } from "./grouped-list.ts";
import { LastKnown } from "./last-known.ts";
import { type ConditionOf, conditionsOnPage } from "./listed-conditions.ts";
import type { ControllerParts } from "./parts.ts";

/** The volumes of all groups, group by group, each in the order of ids. */
export function listVolumes({ groups, names, lastKnownMs }: ControllerParts): ControllerRpcs["ListVolumes"] {
  const list: GroupedList<Entry> = {
    pageOf: async (agent, group, maxEntries, token, call) => {
      const [{ volumes, next_token }, conditionOf] = await Promise.all([
        agent.listVolumes(maxEntries, token, call),
        conditionsOnPage(agent, maxEntries, token, call),
      ]);
      const topology = [{ segments: { [names.topologyKey]: group } }];
      return {
        entries: volumes.map((volume) => entryOf(volume, group, topology, conditionOf)),
        next: next_token,
      };
    },
    lastKnown: lastKnownMs === undefined ? undefined : new LastKnown<Entry>(lastKnownMs),
  };
  return (request, call) => listOverGroups(request, groups.all(), list, call);
}

function entryOf(
  listed: ListedVolume,
  group: string,
  accessible_topology: Topology[],
  conditionOf: ConditionOf,
): Weighed<Entry> {
  const condition = conditionOf(listed);
  const handle = formatHandle(group, listed.DiskIdentifier);
  const segments = Object.entries(accessible_topology[0]?.segments ?? {}).flat();
  return {
    id: listed.DiskIdentifier,
    entry: {
      volume: {
        volume_id: handle,
        capacity_bytes: listed.Size,
        accessible_topology,
      },
      status: { published_node_ids: listed.Hosts, volume_condition: condition },
    },
    bytes: weightOf([handle, ...segments, ...listed.Hosts, condition.message ?? ""]),
  };
}
