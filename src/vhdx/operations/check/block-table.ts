import { MiB } from "../../../kit/sizes.ts";
import { blockState, chunkRatio, payloadCount } from "../../format/block-table.ts";
import { typeOf } from "../../format/disk-parameters.ts";
import type { Image } from "../../image/image.ts";
import { hasData, readOccupancy } from "../../image/occupancy.ts";
import { type ScannedEntry, scanTable } from "../../image/table-scan.ts";
import { type OnProgress, progressOf } from "../progress.ts";
import type { Findings } from "./findings.ts";

/** How the file's space is used. */
export interface SpaceUse {
  /** Blocks of the disk that are in the file, in part or as a whole. */
  readonly allocatedBlocks: number;
  /** Space of the file that belongs to nothing, bytes. */
  readonly unusedBytes: bigint;
}

/** Every entry by itself, the chunks it belongs to, and whether blocks lie where they can. */
export async function checkBlockTable(
  image: Image,
  findings: Findings,
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: OnProgress },
): Promise<SpaceUse> {
  const progress = progressOf(image.disk.virtualSize, onProgress);
  const chunks = new ChunkCheck(image, findings);
  let allocatedBlocks = 0;
  await scanTable(
    image,
    (entry) => {
      progress(BigInt(entry.block) * BigInt(image.disk.blockSize));
      if (!entry.isBitmap && hasData(image, entry)) allocatedBlocks += 1;
      if (entry.hasReservedBits) findings.add("warning", "block table", entry.at, "reserved bits are set");
      if (!entry.isBitmap) checkPayloadState(image, entry, findings);
      chunks.visit(entry);
    },
    signal,
  );
  chunks.finish();
  progress(image.disk.virtualSize);
  const occupancy = await readOccupancy(
    image,
    (entry, problem) => {
      const what = entry.isBitmap ? "the sector bitmap of the chunk from" : "the data of";
      findings.add("error", "block table", entry.at, `${what} block ${entry.block} ${problem}`);
    },
    signal,
  );
  const missing = payloadCount(image.disk) - allocatedBlocks;
  if (typeOf(image.disk) === "fixed" && missing > 0) {
    const problem = `${missing} blocks of a fixed disk are not in the file: it can't be mapped`;
    findings.add("information", "block table", image.regions.blockTable.offset, problem);
  }
  return { allocatedBlocks, unusedBytes: await unusedBytes(image, occupancy.taken, findings) };
}

async function unusedBytes(image: Image, takenMiB: number, findings: Findings): Promise<bigint> {
  const size = await image.file.size();
  if (size % MiB !== 0n) findings.add("information", "file", size, "its size is not a multiple of 1 MiB");
  const unused = size - BigInt(takenMiB) * MiB;
  if (unused < MiB) return 0n;
  findings.add("information", "file", 0, `${unused} bytes belong to nothing; compacting gives them back`);
  return unused;
}

function checkPayloadState({ disk }: Image, { state, at, block }: ScannedEntry, findings: Findings): void {
  const known: readonly number[] = Object.values(blockState);
  if (!known.includes(state)) {
    findings.add("error", "block table", at, `block ${block} has the unknown state ${state}`);
  } else if (state === blockState.partiallyPresent && !disk.hasParent) {
    findings.add("error", "block table", at, `block ${block} is partially present in a disk without parent`);
  } else if (state === blockState.unmappedBefore1) {
    findings.add(
      "information",
      "block table",
      at,
      `block ${block} has a state of version 0.95 of the format`,
    );
  }
}

/** A partially present block needs the sector bitmap of its chunk, whose entry follows the chunk's blocks. */
class ChunkCheck {
  readonly #image: Image;
  readonly #findings: Findings;
  readonly #ratio: number;
  #chunk = -1;
  /** The first partially present block of the chunk. */
  #partial: ScannedEntry | undefined;

  constructor(image: Image, findings: Findings) {
    this.#image = image;
    this.#findings = findings;
    this.#ratio = chunkRatio(image.disk);
  }

  visit(entry: ScannedEntry): void {
    const chunk = Math.floor(entry.block / this.#ratio);
    if (chunk !== this.#chunk) this.finish();
    this.#chunk = chunk;
    if (entry.isBitmap) this.#visitBitmap(entry);
    else if (entry.state === blockState.partiallyPresent && this.#image.disk.hasParent) {
      this.#partial ??= entry;
    }
  }

  /** Ends the chunk: no entry of a bitmap came. */
  finish(): void {
    if (this.#partial === undefined) return;
    const { at, block } = this.#partial;
    this.#findings.add("error", "block table", at, `partially present block ${block} has no sector bitmap`);
    this.#partial = undefined;
  }

  #visitBitmap({ at, block, state }: ScannedEntry): void {
    if (state === blockState.fullyPresent && this.#image.disk.hasParent) {
      this.#partial = undefined;
      return;
    }
    const isNeeded = this.#partial !== undefined;
    this.finish();
    if (state === blockState.notPresent) return;
    const problem = `the sector bitmap of the chunk from block ${block} has state ${state}`;
    this.#findings.add("warning", bitmapEntry, at, problem, !isNeeded);
  }
}

/** The structure that findings about the state of a sector bitmap's entry name. */
export const bitmapEntry = "sector bitmap entry";
