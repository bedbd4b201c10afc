import { chainExtents } from "../../../src/vhdx/disk/chain-extents.ts";
import { ReadableDisk } from "../../../src/vhdx/disk/readable-disk.ts";
import { WritableDisk } from "../../../src/vhdx/disk/writable-disk.ts";
import { VhdxError } from "../../../src/vhdx/error.ts";
import { readHeaders } from "../../../src/vhdx/format/header.ts";
import { ZERO_GUID } from "../../../src/vhdx/format/guid.ts";
import { checkFile } from "../../../src/vhdx/operations/check.ts";
import type { MemoryFile } from "../support/memory-file.ts";
import { resolverFor, type Specimen } from "./corpus.ts";
import { guarded } from "./guarded-file.ts";
import { mutate } from "./mutate.ts";
import { Random } from "../../support/random.ts";

/** How a damaged file ended: read to its end, or refused for this structure. */
export type Outcome = { readonly opened: true } | { readonly opened: false; readonly structure: string };

const WHOLE = 1 << 20;
const LARGEST_CONTENT = 32 << 20;

/** Damages one specimen as the seed says and does to it what a user would. Throws when that goes wrong. */
export async function examineCase(corpus: readonly Specimen[], seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const { file: valid, parent } = random.pick(corpus);
  const file = valid.copy();
  mutate(file, random);
  const outcome = await orRefused(() => readAll(file, parent));
  await checkNeverThrows(file, parent, outcome);
  if (random.below(10) === 0) await write(file, parent, random);
  return outcome;
}

async function orRefused(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    await work();
    return { opened: true };
  } catch (error) {
    if (!(error instanceof VhdxError)) throw error;
    if (error.structure === "" || error.offset < 0n) {
      throw new Error("the error names no structure or no offset", { cause: error });
    }
    return { opened: false, structure: error.structure };
  }
}

async function open(file: MemoryFile, parent: MemoryFile | undefined): Promise<ReadableDisk> {
  const parentFile = parent && guarded(parent, await parent.size());
  return ReadableDisk.on(guarded(file, await file.size()), "damaged", {
    resolveParent: resolverFor(parentFile),
  });
}

/** Everything a reader may do, up to a bound: the map, and the content where that is small. */
async function readAll(file: MemoryFile, parent: MemoryFile | undefined): Promise<Buffer | undefined> {
  const disk = await open(file, parent);
  for await (const extent of chainExtents(disk.layers, 0, Number(disk.virtualSize))) {
    if (extent.end <= extent.start) throw new Error("an extent without length");
  }
  if (disk.virtualSize > LARGEST_CONTENT) {
    await disk.read(disk.virtualSize - 512n, Buffer.alloc(512));
    return undefined;
  }
  const content = Buffer.alloc(Number(disk.virtualSize));
  for (let at = 0; at < content.length; at += WHOLE) {
    await disk.read(BigInt(at), content.subarray(at, at + WHOLE));
  }
  return content;
}

async function checkNeverThrows(
  file: MemoryFile,
  parent: MemoryFile | undefined,
  outcome: Outcome,
): Promise<void> {
  const { findings } = await checkFile(guarded(file, await file.size()), "damaged", {
    resolveParent: resolverFor(parent),
  });
  const hasErrors = findings.some(({ severity }) => severity === "error");
  if (!outcome.opened && !hasErrors) throw new Error("a check finds nothing wrong where reading fails");
}

/** A file that takes a write has it afterwards, and everything else as before; one that refuses is as it was. */
async function write(file: MemoryFile, parent: MemoryFile | undefined, random: Random): Promise<void> {
  const before = file.copy();
  const content = await readAll(before, parent).catch(() => undefined);
  const resolveParent = resolverFor(parent);
  let disk: WritableDisk;
  try {
    disk = await WritableDisk.on(file, "damaged", { resolveParent });
  } catch (error) {
    if (!(error instanceof VhdxError)) throw error;
    if (!(await isDirty(before)) && !file.equals(before))
      throw new Error("a refused file was changed", { cause: error });
    return;
  }
  const at = random.below(Math.min(Number(disk.virtualSize), LARGEST_CONTENT));
  const data = Buffer.alloc(Math.min(1 + random.below(9000), Number(disk.virtualSize) - at), 0x5a);
  const written = await orRefused(async () => {
    await disk.write(BigInt(at), data);
    await disk.close();
  });
  if (!written.opened || content === undefined) return;
  data.copy(content, at);
  const after = await readAll(file, parent);
  if (!after?.equals(content)) throw new Error("a write changed more than it should");
}

async function isDirty(file: MemoryFile): Promise<boolean> {
  const current = await readHeaders(file).catch(() => undefined);
  return current !== undefined && current.header.logGuid !== ZERO_GUID;
}
