import { MiB } from "../../../kit/sizes.ts";
import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import { callContext } from "../call-context.ts";
import type { Server } from "../volume-routes.ts";
import { answersWith, VolumeDetails, type VolumeResult } from "./answers.ts";
import { batchOf, itemsOf } from "./bodies.ts";
import { type Change, ChangeItem, LocalChangeItem } from "./change-bodies.ts";
import { failedItem, itemsEnvelope } from "./envelope.ts";
import { doneExample, LocalParams } from "./fields.ts";
import { doneItem, idsOf, onVolumes } from "./on-volumes.ts";
import { VolumesApiError } from "./refusals.ts";
import { keyOf } from "./selectors.ts";
import { addTags, removeTags, setTags, tagsOf } from "./tags.ts";
import { quotaPolicyOf } from "./volume-details.ts";

const common = {
  tags: ["Volumes API v1"],
  description: "An extension of the API: size_mb grows a volume, tags and delete_lock are kept with it.",
  response: answersWith(VolumeDetails, "The volumes that were changed", [doneExample]),
};

/** PATCH /v1/volumes and /v1/volumes/UUID: one property of one volume an item. */
export function updateVolumesRoutes(server: Server, engine: Engine): void {
  const update = async (volume: Volume, item: Change, own: CallContext): Promise<VolumeResult[]> => {
    const echo = typeof item.id === "string" ? { id: item.id } : {};
    try {
      await change(engine, volume, item, own);
      return [{ ...doneItem(volume), ...echo }];
    } catch (error) {
      return [failedItem({ ...idsOf(volume), ...echo }, error)];
    }
  };
  server.patch(
    "/volumes",
    {
      schema: {
        ...common,
        operationId: "v1UpdateVolumes",
        summary: "Change properties of volumes",
        body: batchOf(ChangeItem, "What to change", [
          [{ name: "data", prop: "size_mb", op: "set", value: 20480 }],
          [{ name: "data", prop: "tags", op: "add", value: "team-a" }],
        ]),
      },
    },
    async (request, reply) => {
      const targets = itemsOf(request.body).map((item) => ({ key: keyOf(item), item }));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), update), reply);
    },
  );
  server.patch(
    "/volumes/:uuid",
    {
      schema: {
        ...common,
        operationId: "v1UpdateVolume",
        summary: "Change properties of a volume",
        params: LocalParams,
        body: batchOf(LocalChangeItem, "What to change", [{ prop: "delete_lock", op: "set", value: true }]),
      },
    },
    async (request, reply) => {
      const targets = itemsOf(request.body).map((item) => ({ key: keyOf(request.params), item }));
      return itemsEnvelope(await onVolumes(engine, targets, callContext(request, reply), update), reply);
    },
  );
}

/** The body's schema has made sure that property, operation and value fit together. */
async function change(
  engine: Engine,
  volume: Volume,
  { prop, op, value }: Change,
  context: CallContext,
): Promise<void> {
  switch (prop) {
    case "size_mb":
      await grow(engine, volume, BigInt(value as number) * MiB, context);
      return;
    case "tags":
      await engine.modifyVolume(volume.id, { attributes: {}, labels: tagChange(volume, op, value) }, context);
      return;
    case "delete_lock": {
      const deleteProtection = String(op === "set" && value === true);
      await engine.modifyVolume(volume.id, { attributes: { deleteProtection }, labels: {} }, context);
      return;
    }
    case "quota_policy":
      if (value === quotaPolicyOf(volume)) return;
      throw new VolumesApiError(
        "NOT_SUPPORTED",
        `not supported: the volume is ${quotaPolicyOf(volume)} and stays so; clone it`,
      );
  }
}

async function grow(
  engine: Engine,
  { id, size }: Volume,
  wanted: bigint,
  context: CallContext,
): Promise<void> {
  if (wanted < size - (size % MiB)) {
    throw new VolumesApiError("INVALID", `size_mb is ${size / MiB}: a volume can't shrink`);
  }
  await engine.expandVolume(id, { required: wanted, limit: undefined }, context);
}

function tagChange({ labels }: Volume, op: Change["op"], value: Change["value"]) {
  const tags = [value ?? []].flat() as string[];
  if (op === "set") return setTags(labels, tags);
  if (op === "add") return addTags(labels, tags);
  return removeTags(value === undefined || value === null ? tagsOf(labels) : tags);
}
