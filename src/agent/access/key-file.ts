import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Type } from "typebox";
import { API_KEY_TEXT } from "../../agent-client/headers.ts";
import { checkedConfig } from "../../kit/config.ts";
import { isNotFound, StatusError } from "../../kit/errors.ts";
import { writeSecretFile } from "../../kit/secret-file.ts";
import { type AccessKey, digestOf, roles } from "./access-key.ts";

const SHORTEST_KEY = 16;

const KeyEntry = Type.Object(
  {
    name: Type.String({ pattern: "^[\\w.-]{1,64}$" }),
    role: Type.Enum([...roles]),
    key: Type.Optional(Type.String()),
    sha256: Type.Optional(Type.String({ pattern: "^[0-9A-Fa-f]{64}$" })),
  },
  { additionalProperties: false },
);
const KeyFile = Type.Object(
  { keys: Type.Array(KeyEntry, { minItems: 1, maxItems: 1000 }) },
  { additionalProperties: false },
);

/**
 * Reads the keys of a file: either one key alone, which may do everything and is called `default`, or YAML,
 * `keys: [{name, role, key}]`, where `sha256` (hex) may stand for `key`.
 * @throws StatusError FAILED_PRECONDITION when it is missing or a key is too short to be safe; INVALID_ARGUMENT with
 * the line of what is wrong. No message shows a key.
 */
export async function readKeyFile(path: string): Promise<AccessKey[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new StatusError(
      "FAILED_PRECONDITION",
      `API key file ${path} does not exist; make one with: openssl rand -hex 32 > ${path}`,
    );
  });
  const only = text.trim();
  if (!/\s/.test(only)) return [{ name: "default", role: "admin", digest: digestOf(checkKey(only, path)) }];
  const { keys } = checkedConfig(path, text, KeyFile);
  const names = new Set<string>();
  return keys.map(({ name, role, key, sha256 }) => {
    if (names.has(name)) throw new StatusError("INVALID_ARGUMENT", `${path}: two keys are called ${name}`);
    names.add(name);
    if ((key === undefined) === (sha256 === undefined)) {
      throw new StatusError("INVALID_ARGUMENT", `${path}: key ${name} needs one of key and sha256`);
    }
    const digest =
      key === undefined ? Buffer.from(sha256 ?? "", "hex") : digestOf(checkKey(key, `${path}, key ${name}`));
    return { name, role, digest };
  });
}

function checkKey(key: string, place: string): string {
  if (key.length < SHORTEST_KEY) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `the API key in ${place} is shorter than ${SHORTEST_KEY} characters`,
    );
  }
  if (API_KEY_TEXT.test(key)) return key;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `the API key in ${place} has characters that a header can't carry`,
  );
}

/** Makes a random key that only its owner can read, unless the file is there already. */
export async function makeKeyFile(path: string): Promise<void> {
  await writeSecretFile(path, `${randomBytes(32).toString("hex")}\n`);
}
