import { readFile } from "node:fs/promises";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { isNotFound } from "../../../kit/errors.ts";
import { writeFileDurably } from "../../../kit/durable-file.ts";

/** The ids of pools that were seen before: what lies in the place of a pool that is not mounted is not that pool. */
export interface KnownPools {
  idOf(name: string): string | undefined;
  remember(name: string, id: string): Promise<void>;
}

const Ids = Type.Record(Type.String(), Type.String());

/** Keeps them in a file; one that can't be read counts as empty, since it only makes a check weaker. */
export async function knownPoolsIn(path: string): Promise<KnownPools> {
  const ids = new Map(Object.entries(await readIds(path)));
  return {
    idOf: (name) => ids.get(name),
    remember: async (name, id) => {
      if (ids.get(name) === id) return;
      ids.set(name, id);
      await writeFileDurably(path, `${JSON.stringify(Object.fromEntries(ids))}\n`);
    },
  };
}

/** Remembers them as long as the process runs. */
export function knownPools(): KnownPools {
  const ids = new Map<string, string>();
  return {
    idOf: (name) => ids.get(name),
    remember: (name, id) => {
      ids.set(name, id);
      return Promise.resolve();
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
