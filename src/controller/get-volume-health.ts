import type { HealthAnswer } from "../agent-client/wire.ts";
import type { VolumeHealthErrorType } from "../csi/generated/csi/v1/VolumeHealthErrorType.ts";
import { formatHandle } from "../csi/handle.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import type { ControllerParts } from "./parts.ts";

type Meaning = readonly [VolumeHealthErrorType, reason: string];

/** What a kind of problem means to who has a pod on the volume; docs/reference/health.md tells causes and cures. */
export const problemMeanings: Readonly<Record<string, Meaning>> = {
  "missing-file": ["DATA_LOSS", "DiskMissing"],
  damaged: ["INACCESSIBLE", "DiskDamaged"],
  overcommitted: ["DEGRADED", "PoolOvercommitted"],
  "lost-attachment": ["INACCESSIBLE", "AttachmentLost"],
  "pool-down": ["INACCESSIBLE", "PoolDown"],
};

/** A problem that is not known here makes it no better. */
export const UNKNOWN_PROBLEM: Meaning = ["DEGRADED", "Other"];

/** What is wrong with a volume as its host sees it; nothing for a sound one. */
export function getVolumeHealth({ groups }: ControllerParts): ControllerRpcs["ControllerGetVolumeHealth"] {
  return async (request, call) => {
    requireFields(request, "volume_id");
    const place = await groups.locate(request.volume_id, call);
    const { problems } = await place.group.agent.volumeHealth(place.id, call);
    return {
      volume_health: {
        volume_id: formatHandle(place.group.name, place.id),
        health_statuses: problems.map(statusOf),
      },
    };
  };
}

/** A problem as its agent tells it, as CSI has it. */
export function statusOf({ kind, message }: HealthAnswer["problems"][number]) {
  const [status, reason] = problemMeanings[kind] ?? UNKNOWN_PROBLEM;
  return { status, reason, message };
}
