import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { writeFileDurably } from "../../../kit/durable-file.ts";
import { isNotFound } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";

const Guid = Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });

const ChainRecord = Type.Object({
  volumeId: Guid,
  vmId: Guid,
  /** The file that the VM's configuration named when it was last looked at. */
  path: Type.String(),
  /** Ids of the checkpoints that the VM had then, in order. */
  checkpoints: Type.Array(Guid),
  isReverted: Type.Boolean(),
});
/** What was last seen of a disk whose VM has checkpoints. */
export type ChainRecord = Static<typeof ChainRecord>;

const check = Compile(Type.Object({ version: Type.Literal(1), disks: Type.Array(ChainRecord) }));

/** A pool of ten thousand disks in chains has less. */
const LARGEST = 64 * 1024 * 1024;

const fileIn = (pool: string) => join(pool, ".chains.json");

/** What a pool keeps; nothing where it keeps nothing or what it keeps is spoiled. */
export async function readChains(pool: string, log: Log): Promise<ChainRecord[]> {
  const path = fileIn(pool);
  try {
    if ((await stat(path)).size > LARGEST) throw new Error("it is too large");
    const kept: unknown = JSON.parse(await readFile(path, "utf8"));
    if (check.Check(kept)) return kept.disks;
    throw new Error("it is of another version");
  } catch (error) {
    if (!isNotFound(error)) log.warn({ err: error, path }, "what was known of checkpoints can't be read");
    return [];
  }
}

/** Replaces what a pool keeps, durably. */
export async function writeChains(pool: string, records: readonly ChainRecord[]): Promise<void> {
  if (records.length === 0) {
    await rm(fileIn(pool), { force: true });
    return;
  }
  const disks = records.map(({ volumeId, vmId, path, checkpoints, isReverted }) => ({
    ...{ volumeId, vmId, path, checkpoints, isReverted },
  }));
  await writeFileDurably(fileIn(pool), `${JSON.stringify({ version: 1, disks })}\n`);
}
