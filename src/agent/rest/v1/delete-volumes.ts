import { isProtected } from "../../engine/labels.ts";
import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import { callContext } from "../call-context.ts";
import type { Server } from "../volume-routes.ts";
import { answersWith, VolumeDetails, type VolumeResult } from "./answers.ts";
import { itemsOf, optionalBatchOf, Selector } from "./bodies.ts";
import { itemsEnvelope } from "./envelope.ts";
import { doneExample, LocalParams } from "./fields.ts";
import { instanceText } from "./instances.ts";
import { doneItem, onVolumes } from "./on-volumes.ts";
import { SelectionQuery } from "./queries.ts";
import { VolumesApiError } from "./refusals.ts";
import { keyOf, oneOfBoth, queriedKeys, required } from "./selectors.ts";

const common = {
  tags: ["Volumes API v1"],
  response: answersWith(VolumeDetails, "The volumes that were deleted", [doneExample]),
};

/** DELETE /v1/volumes and /v1/volumes/UUID */
export function deleteVolumesRoutes(server: Server, engine: Engine): void {
  const remove = (volume: Volume, _item: unknown, own: CallContext) => deleteOne(engine, volume, own);

  server.delete(
    "/volumes",
    {
      schema: {
        ...common,
        operationId: "v1DeleteVolumes",
        summary: "Delete volumes that are not attached",
        querystring: SelectionQuery,
        body: optionalBatchOf(Selector, "The volumes to delete", [[{ name: "data" }]]),
      },
    },
    async (request, reply) => {
      const keys = required(oneOfBoth(queriedKeys(request.query), itemsOf(request.body).map(keyOf)));
      const targets = keys.map((key) => ({ key, item: undefined }));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), remove), reply);
    },
  );
  server.delete(
    "/volumes/:uuid",
    {
      schema: {
        ...common,
        operationId: "v1DeleteVolume",
        summary: "Delete a volume that is not attached",
        params: LocalParams,
      },
    },
    async (request, reply) => {
      const targets = [{ key: keyOf(request.params), item: undefined }];
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), remove), reply);
    },
  );
}

async function deleteOne(engine: Engine, volume: Volume, context: CallContext): Promise<VolumeResult[]> {
  if (isProtected(volume.attributes)) {
    throw new VolumesApiError("NOT_ALLOWED", "The volume has a delete_lock: lift it first");
  }
  const [attachment] = await engine.attachmentsOf(volume.id, context);
  if (attachment !== undefined) {
    const place = instanceText(await engine.listVms(context), attachment.vmId);
    throw new VolumesApiError("ATTACHED", `The volume is attached to ${place}: detach it first`);
  }
  await engine.deleteVolume(volume.id, context);
  return [doneItem(volume)];
}
