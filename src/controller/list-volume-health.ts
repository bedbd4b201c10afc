import type { VolumeHealth } from "../csi/generated/csi/v1/VolumeHealth.ts";
import { formatHandle } from "../csi/handle.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { statusOf } from "./get-volume-health.ts";
import { type GroupedList, listOverGroups, weightOf } from "./grouped-list.ts";
import { LastKnown } from "./last-known.ts";
import type { ControllerParts } from "./parts.ts";

/** Volumes an agent looks at for one request: what is listed are the few that something is wrong with. */
const LOOKED_AT = 1000;

/** The volumes of all groups that something is wrong with. Sound ones are not in it: that is how a cure is told. */
export function listVolumeHealth({
  groups,
  lastKnownMs,
}: ControllerParts): ControllerRpcs["ControllerListVolumeHealth"] {
  const list: GroupedList<VolumeHealth> = {
    pageOf: async (agent, group, _maxEntries, token, call) => {
      const { volumes, next_token } = await agent.listHealth(LOOKED_AT, token, call);
      const entries = volumes.map(({ id, problems }) => {
        const entry = { volume_id: formatHandle(group, id), health_statuses: problems.map(statusOf) };
        const texts = entry.health_statuses.flatMap(({ reason, message }) => [reason, message]);
        return { id, entry, bytes: weightOf([entry.volume_id, ...texts]) };
      });
      return { entries, next: next_token };
    },
    lastKnown: lastKnownMs === undefined ? undefined : new LastKnown<VolumeHealth>(lastKnownMs),
  };
  return (request, call) => listOverGroups(request, groups.all(), list, call);
}
