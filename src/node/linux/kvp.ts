import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { StatusError } from "../../kit/errors.ts";
import { ifThere } from "../../kit/if-there.ts";
import type { Roots } from "./this-vm.ts";

/** Pools of the key-value exchange, by who writes them; see hv_kvp_daemon. */
export const KVP_POOLS = {
  /** What the host's administrator or agent put in. */
  external: 0,
  /** What Hyper-V tells of the VM and its host. */
  intrinsic: 3,
} as const;

const KEY_BYTES = 512;
const RECORD_BYTES = KEY_BYTES + 2048;
/** Far more than Hyper-V gives; a longer file is not read. */
const MOST_RECORDS = 4096;
const TRIES = 10;
const PAUSE_MS = 20;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The pairs in a pool: keys of 512 bytes and values of 2048, padded with zeros. What is no text is left out, and so is
 * a key that stands there with two values.
 */
export function parseKvpPool(pool: Buffer): Map<string, string> {
  const pairs = new Map<string, string>();
  const contradicted = new Set<string>();
  for (let at = 0; at + RECORD_BYTES <= pool.length; at += RECORD_BYTES) {
    const key = textOf(pool.subarray(at, at + KEY_BYTES));
    const value = textOf(pool.subarray(at + KEY_BYTES, at + RECORD_BYTES));
    if (key === undefined || key === "" || value === undefined) continue;
    if ((pairs.get(key) ?? value) !== value) contradicted.add(key);
    pairs.set(key, value);
  }
  for (const key of contradicted) pairs.delete(key);
  return pairs;
}

/**
 * Reads a pool; empty when there is none. The daemon cuts the file and writes it again under a lock that Node can't
 * take: a file that is no whole number of records, or changed meanwhile, is read again, and so is one without any for a
 * while.
 */
export async function readKvpPool(pool: number, { hyperv }: Roots): Promise<Map<string, string>> {
  const path = join(hyperv, `.kvp_pool_${pool}`);
  for (let tries = 1; tries <= TRIES; tries++) {
    if (tries > 1) await setTimeout(PAUSE_MS);
    const bytes = await ifThere(readOnce(path));
    if (bytes === undefined) return new Map();
    if (bytes === "changing") continue;
    if (bytes.length > 0 || tries === TRIES) return parseKvpPool(bytes);
  }
  throw new StatusError("UNAVAILABLE", `${path} stays half written: is hv_kvp_daemon healthy?`);
}

async function readOnce(path: string): Promise<Buffer | "changing"> {
  const file = await open(path, "r");
  try {
    const before = await file.stat();
    if (!before.isFile() || before.size > MOST_RECORDS * RECORD_BYTES) {
      throw new StatusError("UNAVAILABLE", `${path} is no KVP pool`);
    }
    const bytes = await file.readFile();
    const after = await file.stat();
    const isWhole = bytes.length % RECORD_BYTES === 0 && bytes.length === after.size;
    return isWhole && before.mtimeMs === after.mtimeMs ? bytes : "changing";
  } finally {
    await file.close();
  }
}

/** A padded field as text; undefined for what is none. */
function textOf(field: Buffer): string | undefined {
  const end = field.indexOf(0);
  try {
    const text = utf8.decode(end === -1 ? field : field.subarray(0, end));
    return /\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
