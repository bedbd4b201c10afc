import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { StatusError } from "../../../kit/errors.ts";
import { ifThere } from "../../../kit/if-there.ts";
import { writeFileDurably } from "../../../kit/durable-file.ts";

const Marker = Type.Object({
  version: Type.Literal(1),
  /** The group is part of every handle that the pool's volumes have. */
  group: Type.String({ minLength: 1 }),
  /** Tells this pool from another directory under the same path; pools made before had none. */
  id: Type.Optional(Type.String({ minLength: 1 })),
});
type Marker = Static<typeof Marker>;

/**
 * The id of the pool whose marker is at `path`, which belongs to one of `groups`, the agent's own first. A pool
 * without a marker becomes the agent's own, unless it is known to have had one.
 * @param knownId the pool's id when it was seen before.
 * @throws StatusError FAILED_PRECONDITION for another group's pool; UNAVAILABLE when another pool is in its place.
 */
export async function claimPool(
  path: string,
  groups: readonly [string, ...string[]],
  knownId: string | undefined,
): Promise<string> {
  const marker = await readMarker(path);
  if (marker === undefined) {
    if (knownId !== undefined) {
      throw new StatusError(
        "UNAVAILABLE",
        `${path} is not there: the pool's file system is not mounted. A new pool begins in its place when pools.json in the state directory no longer names it`,
      );
    }
    return await writeMarker(path, groups[0]);
  }
  if (!groups.includes(marker.group)) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${path} belongs to group ${marker.group}, not ${groups[0]}: volume handles carry the group and can't change; start with --group ${marker.group}`,
    );
  }
  const id = marker.id ?? (await writeMarker(path, marker.group));
  if (knownId === undefined || knownId === id) return id;
  throw new StatusError("UNAVAILABLE", `${path} is the marker of another pool than was here before`);
}

async function writeMarker(path: string, group: string): Promise<string> {
  const marker = { version: 1, group, id: randomUUID() } satisfies Marker;
  await writeFileDurably(path, `${JSON.stringify(marker)}\n`);
  return marker.id;
}

/** The marker at `path`; undefined when there is none. @throws StatusError FAILED_PRECONDITION for what is not one */
export async function readMarker(path: string): Promise<Marker | undefined> {
  const text = await ifThere(readFile(path, "utf8"));
  if (text === undefined) return undefined;
  const value = parsed(text);
  if (Value.Check(Marker, value)) return value;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `${path} can't be read: restore it from a backup, or write {"version":1,"group":"NAME"} into it`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
