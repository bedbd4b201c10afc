import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import { callContext } from "../call-context.ts";
import type { Server } from "../volume-routes.ts";
import { answersWith, VolumeDetails, type VolumeResult } from "./answers.ts";
import { batchOf, type Clone, CloneItem, itemsOf, LocalCloneItem, optionalBatchOf } from "./bodies.ts";
import { newVolume, requireOneWriter } from "./create-volumes.ts";
import { itemsEnvelope } from "./envelope.ts";
import { LocalParams } from "./fields.ts";
import type { NewNames } from "./new-names.ts";
import { doneItem, onVolumes } from "./on-volumes.ts";
import { keyOf } from "./selectors.ts";

const example = {
  status: "success",
  uuid: "0d9b3f57-2f6e-4c58-8d1b-7d2e4f6a8c90",
  name: "copy",
  state: "available",
} as const;
const common = {
  tags: ["Volumes API v1"],
  response: answersWith(VolumeDetails, "The new volumes", [example]),
};

/** POST /v1/volumes/clone and /v1/volumes/UUID/clone: new volumes with the content of others. */
export function cloneVolumesRoutes(server: Server, engine: Engine, names: NewNames): void {
  const clone = async (source: Volume, item: Clone, own: CallContext): Promise<VolumeResult[]> => {
    requireOneWriter(item);
    const volume = await names.make(item.vol_name ?? undefined, own, (name) =>
      engine.createVolume(newVolume(name, undefined, { kind: "volume", id: source.id }, item), own),
    );
    return [{ ...doneItem(volume), state: "available" }];
  };
  server.post(
    "/volumes/clone",
    {
      schema: {
        ...common,
        operationId: "v1CloneVolumes",
        summary: "Clone volumes",
        body: batchOf(CloneItem, "The volumes to clone", [[{ name: "data", vol_name: "copy" }]]),
      },
    },
    async (request, reply) => {
      const targets = itemsOf(request.body).map((item) => ({ key: keyOf(item), item }));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), clone), reply);
    },
  );
  server.post(
    "/volumes/:uuid/clone",
    {
      schema: {
        ...common,
        operationId: "v1CloneVolume",
        summary: "Clone a volume",
        params: LocalParams,
        body: optionalBatchOf(LocalCloneItem, "The clone", [{ vol_name: "copy" }]),
      },
    },
    async (request, reply) => {
      const items: Clone[] = request.body === null ? [{}] : itemsOf(request.body);
      const targets = items.map((item) => ({ key: keyOf(request.params), item }));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), clone), reply);
    },
  );
}
