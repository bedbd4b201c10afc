import { StatusError } from "../kit/errors.ts";

/** Tokens of an agent's lists, which are in the order of ids: where a page begins. */
const PREFIX = "v1-";
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The token of the page that begins behind this id, whether something has it or not. */
export function tokenAfter(id: string): string {
  return PREFIX + id;
}

/** @throws StatusError ABORTED for a token that no list gave out */
export function idOfToken(token: string): string {
  const id = token.slice(PREFIX.length);
  if (token.startsWith(PREFIX) && GUID.test(id)) return id;
  throw new StatusError(
    "ABORTED",
    "nextToken is not one that this list gave out; start again without a token",
  );
}
