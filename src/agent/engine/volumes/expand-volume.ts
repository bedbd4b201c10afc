import { StatusError } from "../../../kit/errors.ts";
import { formatSize } from "../../../kit/sizes.ts";
import { growFixed, resizeVhdx } from "../../../vhdx/index.ts";
import type { Expansion, SizeRange, Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { claimGrowth } from "../pool/room.ts";
import { factsOf, soundVolume } from "./known-volume.ts";
import { sizeInRange, usualBlock } from "./volume-size.ts";

/** Grows a volume: a detached one by the VHDX library, an attached one by its host. */
export async function expandVolume(
  parts: EngineParts,
  id: string,
  range: SizeRange,
  signal: AbortSignal,
): Promise<Expansion> {
  const volume = await soundVolume(parts, id);
  const disk = await factsOf(parts, volume);
  const block = disk.blockSize === undefined ? usualBlock(disk.virtualSize) : BigInt(disk.blockSize);
  const wanted = sizeInRange(range, range.required, block);
  if (wanted > disk.maximumSize) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `volume ${id} can grow to ${formatSize(disk.maximumSize)} at most; ${formatSize(wanted)} were asked for`,
    );
  }
  const size = wanted > disk.virtualSize ? wanted : disk.virtualSize;
  if (range.limit !== undefined && size > range.limit) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `volume ${id} has ${size} bytes, more than the limit of ${range.limit}`,
    );
  }
  try {
    if (size > volume.size) await claimGrowth(parts, volume, size);
    const grown = await grow(parts, volume, disk.virtualSize, size, signal);
    await parts.inventory.putVolume({ ...volume, size: grown });
    return { size: grown, nodeExpansionRequired: true };
  } catch (error) {
    // What it claims is what it has now, as far as that can be seen.
    await parts.inventory.look(volume).catch(() => undefined);
    throw error;
  }
}

/** @returns the bytes that the volume has then. */
async function grow(
  { host }: EngineParts,
  volume: Volume,
  present: bigint,
  size: bigint,
  signal: AbortSignal,
): Promise<bigint> {
  const [attachment] = await host.attachmentsOf(volume.id);
  // Both ways also at the size it has: an earlier call may have died before its log was applied or the device followed.
  if (attachment === undefined) {
    await (volume.type === "dynamic" ? resizeVhdx : growFixed)(volume.path, size);
    return size;
  }
  if (attachment.readOnly && size > present) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${volume.id} is attached read-only; detach it to expand it`,
    );
  }
  return await host.growAttached({ volumeId: volume.id, path: volume.path }, attachment, size, signal);
}
