import { StatusError } from "../../kit/errors.ts";
import { formatSize } from "../../kit/sizes.ts";
import type { Pool } from "./pool.ts";

/** Refuses with RESOURCE_EXHAUSTED when the pool can't promise `bytes` more. */
export async function requireFreeSpace(pool: Pool, bytes: bigint): Promise<void> {
  const free = await pool.freeBytes();
  if (bytes <= free) return;
  throw new StatusError(
    "RESOURCE_EXHAUSTED",
    `pool ${pool.directory} has ${formatSize(free)} free, less than the ${formatSize(bytes)} asked for`,
  );
}
