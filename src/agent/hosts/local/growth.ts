import { stat } from "node:fs/promises";
import { StatusError } from "../../../kit/errors.ts";
import type { LoopDevice } from "../../../kit/loop-devices.ts";
import { growFixed } from "../../../vhdx/index.ts";
import type { DiskFile } from "../host.ts";
import { refreshLoopSize } from "./losetup.ts";

/**
 * Grows a disk under its loop device: the library writes only outside the payload that the device maps, and the
 * device follows the file once the new size is durable. At the size it has it ends what was cut off before: a pending
 * log, or a device that has not followed.
 */
export async function growUnderLoop(
  disk: DiskFile,
  loop: LoopDevice,
  size: bigint,
  signal: AbortSignal,
): Promise<bigint> {
  await growFixed(disk.path, size);
  if (loop.size === size) return size;
  const file = await stat(disk.path, { bigint: true });
  const endsFile = file.size === loop.offset + size;
  const grown = await refreshLoopSize(loop, { offset: loop.offset, size, endsFile }, signal);
  if (grown.size === size) return size;
  throw new StatusError("INTERNAL", `${loop.device} has ${grown.size} bytes after it was grown to ${size}`);
}
