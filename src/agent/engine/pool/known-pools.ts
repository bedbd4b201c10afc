import { mkdir, readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { isNotFound } from "../../../kit/errors.ts";
import { writeFileDurably } from "../../../kit/durable-file.ts";

/**
 * The ids of the pools that were seen in directories before: what lies in the place of a pool that is not mounted is not
 * that pool.
 */
export interface KnownPools {
  idOf(directory: string): string | undefined;
  remember(directory: string, id: string): Promise<void>;
}

const Ids = Type.Record(Type.String(), Type.String());

/** Keeps them in a file; one that can't be read counts as empty, since it only makes a check weaker. */
export async function knownPoolsIn(path: string): Promise<KnownPools> {
  const ids = new Map(Object.entries(await readIds(path)));
  return {
    idOf: (directory) => ids.get(resolve(directory)),
    remember: async (directory, id) => {
      if (ids.get(resolve(directory)) === id) return;
      ids.set(resolve(directory), id);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFileDurably(path, `${JSON.stringify(Object.fromEntries(ids))}\n`);
    },
  };
}

async function readIds(path: string): Promise<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return Value.Check(Ids, value) ? value : {};
  } catch (error) {
    if (isNotFound(error) || error instanceof SyntaxError) return {};
    throw error;
  }
}
