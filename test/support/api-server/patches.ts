import { isDeepStrictEqual } from "node:util";
import { type KubeObject, Refusal } from "./objects.ts";

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** RFC 6902, as far as it is used: test, add, replace, remove. */
export function jsonPatch(object: KubeObject, operations: readonly Operation[]): KubeObject {
  const result = structuredClone(object);
  for (const { op, path, value } of operations) {
    const names = path
      .split("/")
      .slice(1)
      .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = names.pop() ?? "";
    let place: unknown = result;
    for (const name of names) place = (place as Record<string, unknown> | undefined)?.[name];
    if (typeof place !== "object" || place === null) throw refused(op, path);
    const holder = place as Record<string, unknown>;
    if (op === "test" && !isDeepStrictEqual(holder[last], value)) throw refused(op, path);
    if (op !== "add" && op !== "test" && !(last in holder)) throw refused(op, path);
    if (Array.isArray(place) && op === "remove") place.splice(Number(last), 1);
    else if (Array.isArray(place) && op === "add")
      place.splice(last === "-" ? place.length : Number(last), 0, value);
    else if (op === "remove") Reflect.deleteProperty(holder, last);
    else if (op === "add" || op === "replace") holder[last] = value;
  }
  return result;
}

function refused(op: string, path: string): Refusal {
  return new Refusal(422, "Invalid", `the server rejected our request: ${op} of ${path} failed`);
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
