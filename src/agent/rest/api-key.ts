import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isNotFound, StatusError } from "../../kit/errors.ts";
import { writeSecretFile } from "./secret-file.ts";

const SHORTEST_KEY = 16;

/** Compares a key that a caller sent with ours, in a time that tells nothing about either. */
export type KeyCheck = (sent: string) => boolean;

export function keyCheck(key: string): KeyCheck {
  const expected = digest(key);
  return (sent) => timingSafeEqual(digest(sent), expected);
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/**
 * Reads the API key from a file: its text without white space around it.
 * @throws StatusError FAILED_PRECONDITION when it is missing or too short to be safe.
 */
export async function readApiKey(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new StatusError(
      "FAILED_PRECONDITION",
      `API key file ${path} does not exist; make one with: openssl rand -hex 32 > ${path}`,
    );
  });
  const key = text.trim();
  if (key.length >= SHORTEST_KEY) return key;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `the API key in ${path} is shorter than ${SHORTEST_KEY} characters`,
  );
}

/** Reads the API key, or makes a random one that only root can read. */
export async function readOrMakeApiKey(path: string): Promise<string> {
  await writeSecretFile(path, `${randomBytes(32).toString("hex")}\n`);
  return await readApiKey(path);
}
