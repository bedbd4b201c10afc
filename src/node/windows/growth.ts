import { MiB } from "../../kit/sizes.ts";
import { StatusError } from "../../kit/errors.ts";
import { partitionRef } from "./disks.ts";
import type { WindowsDisk, WindowsPartition } from "./protocol.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/** A partition ends at a whole MiB, before the copy of the GPT: equality would never be reached. */
const UNUSABLE_TAIL = 2n * MiB;

/** What a partition and the file system on it can become; undefined when they leave nothing of the disk unused. */
export async function roomToGrow(
  workers: WindowsWorkers,
  disk: WindowsDisk,
  partition: WindowsPartition,
): Promise<bigint | undefined> {
  const { maximum } = await workers.ask("supportedSize", { partition: partitionRef(disk, partition) });
  const most = BigInt(maximum);
  return most >= BigInt(partition.size) + UNUSABLE_TAIL ? most : undefined;
}

/** Grows a partition and the file system on it to its disk, in use or not. */
export async function grow(
  workers: WindowsWorkers,
  disk: WindowsDisk,
  partition: WindowsPartition,
): Promise<void> {
  const most = await roomToGrow(workers, disk, partition);
  if (most === undefined) return;
  const { size } = await workers.change("resize", {
    partition: partitionRef(disk, partition),
    size: String(most),
  });
  if (BigInt(size) >= most) return;
  throw new StatusError("UNAVAILABLE", `the partition was to have ${most} bytes and has ${size}`);
}
