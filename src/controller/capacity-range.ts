import type { CapacityRange__Output } from "../csi/generated/csi/v1/CapacityRange.ts";
import { StatusError } from "../kit/errors.ts";
import { GiB, MiB, parseInt64, TiB } from "../kit/sizes.ts";

/** Size of a volume that nobody gave one, in bytes. */
const DEFAULT_SIZE = 1n * GiB;
const NO_LIMIT = 2n ** 63n - 1n;

export interface Range {
  readonly required: bigint;
  readonly limit: bigint;
}

/**
 * Reads a capacity range of a new volume that needs at least `smallest` bytes; 0 is "not set" in either field.
 * @throws StatusError INVALID_ARGUMENT for a negative field, OUT_OF_RANGE for a range that no size is in.
 */
export function readRange(range: CapacityRange__Output | null, smallest = 0n): Range {
  const { required, limit } = readFields(range);
  if (limit < smallest) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `limit_bytes ${limit} is less than the ${smallest} its file system needs`,
    );
  }
  if (required !== 0n) return { required: required < smallest ? smallest : required, limit };
  const largest = largestWithin(limit);
  return { required: largest < DEFAULT_SIZE ? largest : DEFAULT_SIZE, limit };
}

/** Reads the range of an expansion, which must say how much. @throws StatusError as {@link readRange} */
export function readGrowth(range: CapacityRange__Output | null): Range {
  if (range === null) throw new StatusError("INVALID_ARGUMENT", "capacity_range is missing");
  const { required, limit } = readFields(range);
  if (required !== 0n) return { required, limit };
  if (limit === NO_LIMIT)
    throw new StatusError("INVALID_ARGUMENT", "capacity_range.required_bytes is missing");
  return { required: largestWithin(limit), limit };
}

/** Largest size below a limit that a disk can have: agents round up to whole blocks, larger ones from 1 TiB on. */
function largestWithin(limit: bigint): bigint {
  return limit - (limit % (limit < TiB ? 2n * MiB : 32n * MiB));
}

function readFields(range: CapacityRange__Output | null): Range {
  const required = readBytes("required_bytes", range?.required_bytes);
  const limit = readBytes("limit_bytes", range?.limit_bytes);
  if (limit !== 0n && required > limit) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `capacity_range.required_bytes ${required} is more than limit_bytes ${limit}`,
    );
  }
  return { required, limit: limit === 0n ? NO_LIMIT : limit };
}

function readBytes(field: string, text = "0"): bigint {
  const bytes = parseInt64(text);
  if (bytes !== undefined && bytes >= 0n) return bytes;
  throw new StatusError("INVALID_ARGUMENT", `capacity_range.${field} is negative`);
}
