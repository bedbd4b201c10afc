import { unlessGone } from "../../../kit/unless-gone.ts";
import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import { idOf } from "../ids.ts";
import { MOST_ITEMS, type Selector } from "./bodies.ts";
import { VolumesApiError } from "./refusals.ts";

/** How a request names a volume or an instance. */
export type Key = { readonly uuid: string } | { readonly name: string };

/** The key of an object with either field; a body's schema has made sure that one is there. */
export function keyOf({ uuid, name }: Selector): Key {
  if (typeof uuid === "string") return { uuid: idOf(uuid) };
  if (typeof name === "string") return { name };
  throw new VolumesApiError("MISSING_ID", "uuid or name is missing");
}

/**
 * The keys of a query's lists, in the query's order; undefined when it has none.
 * @throws VolumesApiError TOO_MANY
 */
export function queriedKeys(query: { uuid?: string[]; name?: string[] }): Key[] | undefined {
  const keys = Object.entries(query).flatMap(([list, values]): Key[] => {
    if (list === "uuid") return values.map((uuid) => ({ uuid: idOf(uuid) }));
    return list === "name" ? values.map((name) => ({ name })) : [];
  });
  if (keys.length > MOST_ITEMS) {
    throw new VolumesApiError(
      "TOO_MANY",
      `a request has at most ${MOST_ITEMS} volumes, this one has ${keys.length}`,
    );
  }
  return keys.length === 0 ? undefined : keys;
}

/** The volumes of a request that names them in a body or in its query. @throws VolumesApiError NOT_BOTH */
export function oneOfBoth<T>(fromQuery: T[] | undefined, fromBody: T[]): T[] | undefined {
  if (fromQuery !== undefined && fromBody.length > 0) {
    throw new VolumesApiError("NOT_BOTH", "name volumes either in the query or in the body");
  }
  return fromQuery ?? (fromBody.length > 0 ? fromBody : undefined);
}

/** @throws VolumesApiError MISSING_ID */
export function required<T>(targets: T[] | undefined): T[] {
  if (targets !== undefined) return targets;
  throw new VolumesApiError("MISSING_ID", "no volume is named: give uuid or name in the query or the body");
}

/** @throws VolumesApiError NOT_FOUND; StatusError when it may be in a pool that is down */
export async function findVolume(engine: Engine, key: Key, context: CallContext): Promise<Volume> {
  const text = "uuid" in key ? key.uuid : key.name;
  const volume = await unlessGone(engine.getVolume(text, context));
  // The engine takes either: a name that another volume has as its id is not that volume's.
  if (volume !== undefined && text === ("uuid" in key ? volume.id : volume.name)) return volume;
  throw new VolumesApiError("NOT_FOUND", notFound("volume", key));
}

/** `No volume with name 'x'` */
export function notFound(what: "volume" | "instance", key: Key): string {
  return "uuid" in key
    ? `No ${what} with uuid '${key.uuid}'`
    : `No ${what} with name '${key.name.slice(0, 128)}'`;
}
