import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { StatusError } from "../../kit/errors.ts";
import { parseInt64 } from "../../kit/sizes.ts";
import type { PageRequest } from "../engine/engine.ts";
import type { SizeRange } from "../engine/model.ts";
import { Count, Token } from "./params.ts";

/** Clients of this API spell query names in two ways, `maxEntries` and `maxentries`: all become lower case. */
export function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const key = name.toLowerCase();
    const before = Object.hasOwn(query, key) ? query[key] : undefined;
    const values =
      before === undefined ? value : [...(typeof before === "string" ? [before] : before), value];
    // A plain assignment of `__proto__` would set no property.
    Object.defineProperty(query, key, {
      value: values,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return query;
}

/** Names in lower case by a schema, and how it spells them. */
const spellings = new WeakMap<object, ReadonlyMap<string, string>>();

/** Gives the names of a query, which have come in any case, the spelling of the route's schema. */
export function spellQuery({ query, routeOptions }: FastifyRequest): Record<string, unknown> {
  const schema = routeOptions.schema?.querystring as { properties?: object } | undefined;
  if (schema === undefined) return query as Record<string, unknown>;
  let names = spellings.get(schema);
  if (names === undefined) {
    names = new Map(Object.keys(schema.properties ?? {}).map((name) => [name.toLowerCase(), name]));
    spellings.set(schema, names);
  }
  const spelled = Object.entries(query as object).map(([name, value]) => [
    names.get(name) ?? name,
    value as unknown,
  ]);
  return Object.fromEntries(spelled) as Record<string, unknown>;
}

/** One page of a list, as queries ask for it. */
export const pageQuery = { maxEntries: Type.Optional(Count), nextToken: Type.Optional(Token) };

export function pageOf({ maxEntries, nextToken }: { maxEntries?: string; nextToken?: string }): PageRequest {
  return { maxEntries: countOf("maxEntries", maxEntries), token: nextToken === "" ? undefined : nextToken };
}

/** A number of entries; 0 when it is missing. @throws StatusError INVALID_ARGUMENT */
export function countOf(name: string, text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new StatusError("INVALID_ARGUMENT", `${name} is not a whole number from 0 to 999999999`);
}

export function rangeOf(size: string, limit: string | undefined): SizeRange {
  return {
    required: bytesOf("size", size),
    limit: limit === undefined ? undefined : bytesOf("limit", limit),
  };
}

/** @throws StatusError INVALID_ARGUMENT */
export function bytesOf(name: string, text: string): bigint {
  const bytes = parseInt64(text);
  if (bytes !== undefined) return bytes;
  throw new StatusError("INVALID_ARGUMENT", `${name} is not a whole number of bytes below 2^63`);
}

/** False when it is missing. @throws StatusError INVALID_ARGUMENT */
export function flagOf(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "false") return false;
  if (text === "true") return true;
  throw new StatusError("INVALID_ARGUMENT", `${name} is neither true nor false`);
}

/** `key=value` texts as pairs. @throws StatusError INVALID_ARGUMENT */
export function pairsOf(name: string, texts: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new StatusError(
        "INVALID_ARGUMENT",
        `${name} ${JSON.stringify(text.slice(0, 64))} is not KEY=VALUE`,
      );
    }),
  );
}
