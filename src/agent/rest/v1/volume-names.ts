import { randomInt } from "node:crypto";
import { isUuid } from "./fields.ts";
import { VolumesApiError } from "./refusals.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const SUFFIX_LENGTH = 5;
/** With 60 million names this many in a row are taken only when something is broken. */
const TRIES = 64;

/** `vol-` and five random letters and digits. */
export function randomName(): string {
  return `vol-${Array.from({ length: SUFFIX_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("")}`;
}

/**
 * Does something under a random name that is still free.
 * @param attempt answers undefined when the name is taken: another one is tried.
 * @throws VolumesApiError NONE_FREE
 */
export async function withFreeName<T>(
  attempt: (name: string) => Promise<T | undefined>,
  random: () => string = randomName,
): Promise<T> {
  for (let tries = 0; tries < TRIES; tries++) {
    const result = await attempt(random());
    if (result !== undefined) return result;
  }
  throw new VolumesApiError("NONE_FREE", `no random name was free in ${TRIES} tries: give one`);
}

/** Clients take a text in the form of a UUID for one. @throws VolumesApiError INVALID */
export function requireNoUuid(name: string): void {
  if (isUuid(name))
    throw new VolumesApiError("INVALID", "name has the form of a UUID: clients would take it for one");
}
