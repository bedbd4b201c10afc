import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import type { Attachment, Vm } from "../../hosts/host.ts";
import { callContext } from "../call-context.ts";
import type { Server } from "../volume-routes.ts";
import { answersWith, VolumeDetails, type VolumeResult } from "./answers.ts";
import { DetachItem, type InstanceSelector, itemsOf, LocalDetachItem, optionalBatchOf } from "./bodies.ts";
import { failedItem, itemsEnvelope } from "./envelope.ts";
import { doneExample, LocalParams } from "./fields.ts";
import { findInstance, instanceText } from "./instances.ts";
import { doneItem, idsOf, onVolumes } from "./on-volumes.ts";
import { SelectionQuery } from "./queries.ts";
import { VolumesApiError } from "./refusals.ts";
import { keyOf, oneOfBoth, queriedKeys, required } from "./selectors.ts";

const common = {
  tags: ["Volumes API v1"],
  description:
    "From one instance, or without `from` from all. A volume that something in its instance uses stays; an item per instance tells so.",
  response: answersWith(VolumeDetails, "The volumes that were detached", [doneExample]),
};
interface From {
  readonly from?: InstanceSelector | null;
}

/** PUT /v1/volumes/detach and /v1/volumes/UUID/detach */
export function detachVolumesRoutes(server: Server, engine: Engine): void {
  const detach = (volume: Volume, { from }: From, own: CallContext) =>
    detachOne(engine, volume, from ?? undefined, own);

  server.put(
    "/volumes/detach",
    {
      schema: {
        ...common,
        operationId: "v1DetachVolumes",
        summary: "Detach volumes from instances",
        querystring: SelectionQuery,
        body: optionalBatchOf(DetachItem, "What to detach from where", [
          [{ name: "data", from: { name: "worker-1" } }],
        ]),
      },
    },
    async (request, reply) => {
      const fromQuery = queriedKeys(request.query)?.map((key) => ({ key, item: {} }));
      const fromBody = itemsOf(request.body).map((item) => ({ key: keyOf(item), item: item }));
      const targets = required(oneOfBoth(fromQuery, fromBody));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), detach), reply);
    },
  );
  server.put(
    "/volumes/:uuid/detach",
    {
      schema: {
        ...common,
        operationId: "v1DetachVolume",
        summary: "Detach a volume from instances",
        params: LocalParams,
        body: optionalBatchOf(LocalDetachItem, "Where to detach it from", [{ from: { name: "worker-1" } }]),
      },
    },
    async (request, reply) => {
      const items: From[] = request.body === null ? [{}] : itemsOf(request.body);
      const targets = items.map((item) => ({ key: keyOf(request.params), item }));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), detach), reply);
    },
  );
}

async function detachOne(
  engine: Engine,
  volume: Volume,
  from: InstanceSelector | undefined,
  context: CallContext,
): Promise<VolumeResult[]> {
  const [vms, attachments] = await Promise.all([
    engine.listVms(context),
    engine.attachmentsOf(volume.id, context),
  ]);
  const chosen = from === undefined ? attachments : attachmentsFrom(vms, attachments, from);
  if (chosen.length === 0) {
    throw new VolumesApiError(
      "NOT_ATTACHED",
      `The volume is not attached${from === undefined ? "" : " to that instance"}`,
    );
  }
  const failed: VolumeResult[] = [];
  for (const { vmId } of chosen) {
    await engine.detach(vmId, volume.id, context).catch((error: unknown) => {
      const item = failedItem(idsOf(volume), error);
      failed.push({ ...item, message: `${instanceText(vms, vmId)}: ${item.message ?? ""}` });
    });
  }
  return failed.length === 0 ? [doneItem(volume)] : failed;
}

/** An instance that the host does not know any more can still be named by its UUID. */
function attachmentsFrom(
  vms: readonly Vm[],
  attachments: readonly Attachment[],
  from: InstanceSelector,
): Attachment[] {
  const key = keyOf(from);
  const of = (id: string) => attachments.filter(({ vmId }) => vmId === id);
  if ("uuid" in key && of(key.uuid).length > 0) return of(key.uuid);
  return of(findInstance(vms, key).id);
}
