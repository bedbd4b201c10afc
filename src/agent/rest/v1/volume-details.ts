import { MiB, toJsonSize } from "../../../kit/sizes.ts";
import type { Volume } from "../../engine/model.ts";
import type { Attachment } from "../../hosts/host.ts";
import { isProtected } from "../../engine/labels.ts";
import { timeAnswer } from "../answers.ts";
import type { VolumeDetails } from "./answers.ts";
import { idsOf } from "./on-volumes.ts";
import { stateOf, type Surroundings } from "./states.ts";
import { tagsOf } from "./tags.ts";

/** A volume with all that is known of it. */
export function volumeDetails(
  volume: Volume,
  attachments: readonly Attachment[],
  around: Surroundings,
): VolumeDetails {
  const isRunning = ({ vmId }: Attachment) => around.vms.get(vmId)?.state === "running";
  return {
    ...idsOf(volume),
    state: stateOf(volume, attachments, around),
    size_mb: toJsonSize(volume.size / MiB),
    attached_to: attachments.map((attachment) => ({
      ...instanceOf(attachment, around),
      ...mountPointOf(volume, attachment),
    })),
    mounted_by: attachments.filter(isRunning).map((attachment) => instanceOf(attachment, around)),
    persistent: true,
    created_at: timeAnswer(volume.createdAt),
    tags: tagsOf(volume.labels),
    quota_policy: quotaPolicyOf(volume),
    delete_lock: isProtected(volume.attributes),
    access_mode: "rwo",
  };
}

/** With `details=false`. */
export function briefly(volume: Volume): VolumeDetails {
  return idsOf(volume);
}

export function quotaPolicyOf({ type }: Volume): "static" | "dynamic" {
  return type === "fixed" ? "static" : "dynamic";
}

interface InstanceAnswer {
  uuid: string;
  name?: string;
  readonly: boolean;
}

function instanceOf({ vmId, readOnly }: Attachment, { vms }: Surroundings): InstanceAnswer {
  const vm = vms.get(vmId);
  return { uuid: vmId, ...(vm === undefined ? {} : { name: vm.name }), readonly: readOnly };
}

function mountPointOf({ mountPoints }: Volume, { vmId }: Attachment): { at?: string } {
  const at = mountPoints[vmId];
  return at === undefined ? {} : { at };
}
