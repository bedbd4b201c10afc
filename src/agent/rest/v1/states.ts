import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import type { Attachment, Vm } from "../../hosts/host.ts";
import type { VolumeState } from "./fields.ts";

/** What a volume's state depends on besides itself, as of one moment. */
export interface Surroundings {
  readonly vms: ReadonlyMap<string, Vm>;
  /** Ids of volumes that something is being done with. */
  readonly busy: ReadonlySet<string>;
  /** Names of volumes that are being made. */
  readonly making: ReadonlySet<string>;
}

export async function lookAround(engine: Engine, context: CallContext): Promise<Surroundings> {
  const [vms, operations] = await Promise.all([engine.listVms(context), engine.listOperations(context)]);
  return {
    vms: new Map(vms.map((vm) => [vm.id, vm])),
    busy: new Set(operations.flatMap(({ volumeIds }) => volumeIds)),
    making: new Set(operations.flatMap(({ newVolume }) => newVolume ?? [])),
  };
}

/** A VM that the host does not know any more runs nothing. */
export function stateOf(
  { id, fault }: Volume,
  attachments: readonly Attachment[],
  { vms, busy }: Surroundings,
): VolumeState {
  if (fault !== undefined) return "error";
  if (busy.has(id)) return "busy";
  if (attachments.length === 0) return "available";
  return attachments.some(({ vmId }) => vms.get(vmId)?.state === "running") ? "mounted" : "idle";
}
