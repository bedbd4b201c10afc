import type { CallContext, Engine } from "../../engine/engine.ts";
import { tokenAfter } from "../../../agent-client/list-token.ts";
import type { AttachedVolume } from "../../engine/model.ts";
import { callContext } from "../call-context.ts";
import { idOf } from "../ids.ts";
import type { Server } from "../volume-routes.ts";
import { answersWith, VolumeDetails } from "./answers.ts";
import { itemsEnvelope } from "./envelope.ts";
import { detailsExample, type VolumeState } from "./fields.ts";
import { ListBody, ListQuery } from "./queries.ts";
import { VolumesApiError } from "./refusals.ts";
import { lookAround, stateOf } from "./states.ts";
import { tagsOf } from "./tags.ts";
import { briefly, volumeDetails } from "./volume-details.ts";

/** Volumes that are looked through first when only some are wanted; then more, as each look asks the host. */
const FIRST_LOOK = 1000;

export interface ListFilters {
  readonly persistent?: boolean | null;
  readonly state?: VolumeState | null;
  readonly tags?: readonly string[] | null;
  readonly count?: number | null;
  readonly from?: string | null;
  readonly order?: "asc" | "desc" | null;
  readonly sortby?: "create_time" | null;
}

/** GET /v1/volumes/list */
export function listVolumesRoute(server: Server, engine: Engine): void {
  server.get(
    "/volumes/list",
    {
      exposeHeadRoute: false,
      schema: {
        operationId: "v1ListVolumes",
        summary: "List volumes by persistence, state and tags",
        description: "Without details only uuid and name are told.",
        tags: ["Volumes API v1"],
        querystring: ListQuery,
        body: ListBody,
        response: answersWith(VolumeDetails, "The volumes", [
          { uuid: detailsExample.uuid, name: detailsExample.name },
        ]),
      },
    },
    async (request, reply) => {
      const { details = false, ...query } = request.query;
      const filters = { ...query, ...given(request.body ?? {}) };
      return itemsEnvelope(await listed(engine, filters, details, callContext(request, reply)), reply);
    },
  );
}

/** What a body says, without what it leaves open. */
function given(body: ListFilters): ListFilters {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** The volumes that fulfil all filters, by UUID or by time of creation. @throws VolumesApiError NOT_FOUND for `from` */
export async function listed(
  engine: Engine,
  filters: ListFilters,
  details: boolean,
  context: CallContext,
): Promise<VolumeDetails[]> {
  if (filters.persistent === false) return [];
  const around = await lookAround(engine, context);
  const { state, tags } = filters;
  const wanted = (volume: AttachedVolume) =>
    (typeof state !== "string" || stateOf(volume, volume.attachments, around) === state) &&
    (tags ?? []).every((tag) => tagsOf(volume.labels).includes(tag));
  const volumes =
    (filters.sortby ?? undefined) === undefined && filters.order !== "desc"
      ? await pageById(engine, filters, wanted, context)
      : pageOfSorted(await pageById(engine, {}, () => true, context), filters, wanted);
  return volumes.map((volume) =>
    details ? volumeDetails(volume, volume.attachments, around) : briefly(volume),
  );
}

/** Looks through the volumes in the order of their ids, no further than it must. */
async function pageById(
  engine: Engine,
  { count, from }: ListFilters,
  wanted: (volume: AttachedVolume) => boolean,
  context: CallContext,
): Promise<AttachedVolume[]> {
  const most = count ?? Infinity;
  const page: AttachedVolume[] = [];
  let token = typeof from === "string" ? tokenAfter(idOf(from)) : undefined;
  let maxEntries = most === Infinity ? 0 : Math.max(FIRST_LOOK, most);
  do {
    const { items, nextToken } = await engine.listVolumes({ maxEntries, token }, context);
    for (const volume of items) {
      if (page.length < most && wanted(volume)) page.push(volume);
    }
    token = nextToken;
    maxEntries *= 2;
  } while (token !== undefined && page.length < most);
  return page;
}

function pageOfSorted(
  volumes: readonly AttachedVolume[],
  { sortby, order, count, from }: ListFilters,
  wanted: (volume: AttachedVolume) => boolean,
): AttachedVolume[] {
  const ascending = sortby === "create_time" ? volumes.toSorted(byCreation) : [...volumes];
  const sorted = order === "desc" ? ascending.reverse() : ascending;
  const behind = typeof from === "string" ? sorted.findIndex(({ id }) => id === idOf(from)) : undefined;
  if (behind === -1) {
    throw new VolumesApiError(
      "NOT_FOUND",
      `No volume with uuid '${from ?? ""}': the list can't begin behind it`,
    );
  }
  const rest = behind === undefined ? sorted : sorted.slice(behind + 1);
  return rest.filter(wanted).slice(0, count ?? undefined);
}

function byCreation(one: AttachedVolume, other: AttachedVolume): number {
  return one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1);
}
