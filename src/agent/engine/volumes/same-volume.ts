import { StatusError } from "../../../kit/errors.ts";
import { formatSize } from "../../../kit/sizes.ts";
import type { NewVolume, SizeRange, Snapshot, Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { factsOf } from "./known-volume.ts";
import { isWithin, layoutFor } from "./volume-size.ts";

/** The volume that an equal request made. @throws StatusError ALREADY_EXISTS for another one of its name */
export async function sameVolume(parts: EngineParts, existing: Volume, request: NewVolume): Promise<Volume> {
  const difference =
    differenceOf(existing, request) ??
    (existing.fault === undefined
      ? await differenceInKind(parts, existing, request.type, request.blockSize)
      : undefined);
  if (difference !== undefined) {
    throw new StatusError("ALREADY_EXISTS", `volume ${existing.name} exists with ${difference}`);
  }
  if (existing.fault === undefined) return existing;
  throw new StatusError("FAILED_PRECONDITION", `volume ${existing.name} can't be used: ${existing.fault}`);
}

/** What an existing volume has that a request for its name does not ask for. */
function differenceOf(existing: Volume, { size, source, blockSize, pool }: NewVolume): string | undefined {
  if (size !== undefined && existing.fault === undefined && !isAsAskedFor(existing, size, blockSize)) {
    return `${existing.size} bytes; ${size.required} were asked for`;
  }
  if (existing.source?.kind !== source?.kind || existing.source?.id !== source?.id) {
    const { kind, id } = existing.source ?? {};
    return kind === undefined ? "no source" : `another source, ${kind} ${id ?? ""}`;
  }
  if (pool !== undefined && pool !== existing.pool) return `its disk in pool ${existing.pool}`;
  return undefined;
}

/** Without a limit the size must be the one that the same request would give. */
function isAsAskedFor(existing: Volume, size: SizeRange, blockSize: bigint | undefined): boolean {
  return size.limit === undefined
    ? existing.size === layoutFor(size, blockSize).size
    : isWithin(existing.size, size);
}

/** A copy has its original's type and blocks. @throws StatusError INVALID_ARGUMENT where others are asked for */
export async function requireSameKind(
  parts: EngineParts,
  { type, blockSize }: NewVolume,
  original: Volume | Snapshot,
): Promise<void> {
  const found = await differenceInKind(parts, original, type, blockSize);
  if (found === undefined) return;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `a copy is as its source ${original.name} is, which has ${found}: ask for that, or for nothing`,
  );
}

/** What a disk has instead of the type and blocks asked for; it is only read where blocks are. */
async function differenceInKind(
  parts: EngineParts,
  disk: Volume | Snapshot,
  type: NewVolume["type"],
  blockSize: bigint | undefined,
): Promise<string | undefined> {
  if (type !== undefined && type !== disk.type) return `type ${disk.type}`;
  if (blockSize === undefined) return undefined;
  const { blockSize: present } = await factsOf(parts, disk);
  // Of a fixed disk in use Hyper-V does not tell: that is no reason to call it another one.
  if (present === undefined || BigInt(present) === blockSize) return undefined;
  return `blocks of ${formatSize(BigInt(present))}`;
}
