import { isMapping } from "../../../kit/config.ts";
import type { Wire } from "../api/api-client.ts";

/** What every object of Kubernetes says of itself; "" for what it leaves out. */
export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Uids of the objects that it goes with. */
  readonly owners: readonly string[];
}

export function readMetadata(object: Wire): Metadata {
  const own = objectIn(object, "metadata");
  const owners = listOf(own["ownerReferences"]).map((owner) => textIn(owner, "uid"));
  return {
    name: textIn(own, "name"),
    namespace: textIn(own, "namespace"),
    uid: textIn(own, "uid"),
    owners: owners.filter((uid) => uid !== ""),
  };
}

/** A text in an object; "" when it is missing or something else. */
export function textIn(object: unknown, field: string): string {
  const value = isMapping(object) ? object[field] : undefined;
  return typeof value === "string" ? value : "";
}

/** The objects in a list; none when it is missing or something else. */
export function listOf(value: unknown): readonly Wire[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}

/** An object in an object; an empty one when it is missing or something else. */
export function objectIn(object: Wire, field: string): Wire {
  const value = object[field];
  return isMapping(value) ? value : {};
}
