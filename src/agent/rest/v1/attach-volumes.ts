import { StatusError } from "../../../kit/errors.ts";
import { KeyedLocks } from "../../../kit/locks.ts";
import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import type { Vm } from "../../hosts/host.ts";
import { callContext } from "../call-context.ts";
import type { Server } from "../volume-routes.ts";
import { answersWith, VolumeDetails, type VolumeResult } from "./answers.ts";
import { AttachItem, batchOf, itemsOf, LocalAttachItem, type Placement } from "./bodies.ts";
import { itemsEnvelope } from "./envelope.ts";
import { doneExample, LocalParams } from "./fields.ts";
import { findInstance, instanceText } from "./instances.ts";
import { doneItem, onVolumes } from "./on-volumes.ts";
import { VolumesApiError } from "./refusals.ts";
import { keyOf } from "./selectors.ts";
import type { VolumesApiSettings } from "./settings.ts";

const common = {
  tags: ["Volumes API v1"],
  description:
    "The volume must be available. The mount point is remembered, and told to nobody but readers of this API.",
  response: answersWith(VolumeDetails, "The volumes that were attached", [doneExample]),
};

/** PUT /v1/volumes/attach and /v1/volumes/UUID/attach */
export function attachVolumesRoutes(server: Server, engine: Engine, settings: VolumesApiSettings): void {
  const perInstance = new KeyedLocks();

  const attach = async (volume: Volume, item: Placement, own: CallContext): Promise<VolumeResult[]> => {
    const vms = await engine.listVms(own);
    const vm = findInstance(vms, keyOf(item.attach_to));
    await perInstance.run([vm.id], `attach to ${vm.id}`, own.signal, async () => {
      await requireFree(engine, vms, volume, own);
      await requireFit(engine, settings, vm, own);
      await engine
        .attach(vm.id, volume.id, item.readonly ?? false, item.at, own)
        .catch(async (error: unknown) => {
          // Another request may have been faster.
          await requireFree(engine, vms, volume, own);
          throw slotsAsNoneFree(error);
        });
    });
    return [doneItem(volume)];
  };

  server.put(
    "/volumes/attach",
    {
      schema: {
        ...common,
        operationId: "v1AttachVolumes",
        summary: "Attach volumes to instances",
        body: batchOf(AttachItem, "What to attach where", [
          [{ name: "data", attach_to: { name: "worker-1" }, at: "/mnt/data" }],
        ]),
      },
    },
    async (request, reply) => {
      const targets = itemsOf(request.body).map((item) => ({ key: keyOf(item), item }));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), attach), reply);
    },
  );
  server.put(
    "/volumes/:uuid/attach",
    {
      schema: {
        ...common,
        operationId: "v1AttachVolume",
        summary: "Attach a volume to an instance",
        params: LocalParams,
        body: batchOf(LocalAttachItem, "Where to attach it", [
          { attach_to: { name: "worker-1" }, at: "/mnt/data", readonly: true },
        ]),
      },
    },
    async (request, reply) => {
      const targets = itemsOf(request.body).map((item) => ({ key: keyOf(request.params), item }));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), attach), reply);
    },
  );
}

/** @throws VolumesApiError ATTACHED */
async function requireFree(
  engine: Engine,
  vms: readonly Vm[],
  { id }: Volume,
  context: CallContext,
): Promise<void> {
  const [attachment] = await engine.attachmentsOf(id, context);
  if (attachment === undefined) return;
  throw new VolumesApiError(
    "ATTACHED",
    `The volume is attached to ${instanceText(vms, attachment.vmId)} already`,
  );
}

/** @throws VolumesApiError WRONG_INSTANCE_STATE, ATTACHED where the settings ask for that */
async function requireFit(
  engine: Engine,
  { instanceMustBeStopped, oneVolumePerInstance }: VolumesApiSettings,
  vm: Vm,
  context: CallContext,
): Promise<void> {
  if (instanceMustBeStopped && vm.state === "running") {
    throw new VolumesApiError("WRONG_INSTANCE_STATE", `instance '${vm.name}' is running: stop it first`);
  }
  if (!oneVolumePerInstance) return;
  const { items } = await engine.listVolumes({ maxEntries: 0, token: undefined }, context);
  const other = items.find(({ attachments }) => attachments.some(({ vmId }) => vmId === vm.id));
  if (other === undefined) return;
  throw new VolumesApiError(
    "ATTACHED",
    `instance '${vm.name}' has the volume '${other.name}': one is all it can have`,
  );
}

function slotsAsNoneFree(thrown: unknown): unknown {
  const { code, message } = StatusError.from(thrown);
  return code === "RESOURCE_EXHAUSTED" ? new VolumesApiError("NONE_FREE", message, thrown) : thrown;
}
