import type { CallContext, Engine } from "../../engine/engine.ts";
import { callContext } from "../call-context.ts";
import type { Server } from "../volume-routes.ts";
import { answersWith, VolumeDetails } from "./answers.ts";
import { itemsOf, optionalBatchOf, Selector } from "./bodies.ts";
import { failedItem, itemsEnvelope } from "./envelope.ts";
import { detailsExample, LocalParams } from "./fields.ts";
import { listed } from "./list-volumes.ts";
import { runBatch } from "./batch.ts";
import { DetailsQuery, GetQuery } from "./queries.ts";
import { VolumesApiError } from "./refusals.ts";
import { findVolume, type Key, keyOf, oneOfBoth, queriedKeys } from "./selectors.ts";
import { lookAround, type Surroundings } from "./states.ts";
import { briefly, volumeDetails } from "./volume-details.ts";

const common = {
  tags: ["Volumes API v1"],
  response: answersWith(VolumeDetails, "The volumes", [detailsExample]),
};

/** GET /v1/volumes and /v1/volumes/UUID: some volumes, or all. */
export function getVolumesRoutes(server: Server, engine: Engine): void {
  server.get(
    "/volumes",
    {
      exposeHeadRoute: false,
      schema: {
        ...common,
        operationId: "v1GetVolumes",
        summary: "Get volumes by UUID or name, or all of them",
        querystring: GetQuery,
        body: optionalBatchOf(Selector, "The volumes, where a client can send a body here", [
          [{ name: "data" }],
        ]),
      },
    },
    async (request, reply) => {
      const context = callContext(request, reply);
      const { details = true } = request.query;
      const wanted = oneOfBoth(queriedKeys(request.query), itemsOf(request.body).map(keyOf));
      if (wanted !== undefined) requireNoFilter(request.query);
      const volumes =
        wanted === undefined
          ? await listed(engine, request.query, details, context)
          : await found(engine, wanted, details, context);
      return itemsEnvelope(volumes, reply);
    },
  );
  server.get(
    "/volumes/:uuid",
    {
      schema: {
        ...common,
        operationId: "v1GetVolume",
        summary: "Get a volume",
        params: LocalParams,
        querystring: DetailsQuery,
      },
    },
    async (request, reply) => {
      const { details = true } = request.query;
      const volumes = await found(engine, [keyOf(request.params)], details, callContext(request, reply));
      return itemsEnvelope(volumes, reply);
    },
  );
}

const SELECTION = new Set(["uuid", "name", "details"]);

/** @throws VolumesApiError NOT_BOTH: what is named is told, whatever filters would leave of it. */
function requireNoFilter(query: object): void {
  const filter = Object.keys(query).find((parameter) => !SELECTION.has(parameter));
  if (filter === undefined) return;
  throw new VolumesApiError("NOT_BOTH", `${filter} is for lists: it does not go with volumes that are named`);
}

/** Volumes by their keys, each with how looking for it ended. */
async function found(
  engine: Engine,
  keys: readonly Key[],
  details: boolean,
  context: CallContext,
): Promise<VolumeDetails[]> {
  const around = await lookAround(engine, context);
  const ended = await runBatch(
    keys,
    // Reads need no order among them.
    (key) => JSON.stringify(key),
    (key, own) => foundOne(engine, key, details, around, own),
    context,
  );
  return ended.map((end, index) =>
    end.status === "fulfilled" ? end.value : failedItem(keys[index] ?? {}, end.reason),
  );
}

async function foundOne(
  engine: Engine,
  key: Key,
  details: boolean,
  around: Surroundings,
  context: CallContext,
): Promise<VolumeDetails> {
  const volume = await findVolume(engine, key, context).catch((error: unknown) => {
    // A volume that is being made has no UUID yet that could be told.
    if (isNotFound(error) && "name" in key && around.making.has(key.name)) return undefined;
    throw error;
  });
  if (volume === undefined) return { status: "success", state: "initializing", ...key };
  if (!details) return { status: "success", ...briefly(volume) };
  const attachments = await engine.attachmentsOf(volume.id, context);
  return { status: "success", ...volumeDetails(volume, attachments, around) };
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof VolumesApiError && thrown.refusal === "NOT_FOUND";
}
