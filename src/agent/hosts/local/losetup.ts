import { basename } from "node:path";
import { StatusError } from "../../../kit/errors.ts";
import { failed, run, runAny } from "../../../kit/run.ts";
import { readLoopDevice, type LoopDevice } from "../../../kit/loop-devices.ts";

/** Where a disk's content lies in its file, in bytes. */
export interface Payload {
  readonly offset: bigint;
  readonly size: bigint;
  /** True when nothing follows the payload. */
  readonly endsFile: boolean;
}

/** Binds a free loop device to the payload and returns what the kernel then says of it. */
export async function bindLoop(
  file: string,
  payload: Payload,
  readOnly: boolean,
  signal: AbortSignal,
): Promise<LoopDevice> {
  // Without a limit the device can follow the file when it grows; with bytes behind the payload it must not.
  const limit = payload.endsFile ? [] : ["--sizelimit", String(payload.size)];
  const access = readOnly ? ["--read-only"] : [];
  const args = ["--find", "--show", "--offset", String(payload.offset), ...limit, ...access, file];
  const result = await runAny("losetup", args, signal);
  if (result.exitCode !== 0) {
    throw new StatusError("UNAVAILABLE", `no loop device: ${failed("losetup", args, result).message}`);
  }
  const path = result.stdout.trim();
  const loop = readLoopDevice(basename(path));
  if (loop?.backingFile !== file || loop.readOnly !== readOnly || loop.offset !== payload.offset) {
    throw new StatusError("ABORTED", `${path} did not stay bound to ${file}; try again`);
  }
  if (loop.size === payload.size) return loop;
  await unbindLoop(loop, signal);
  throw new StatusError("INTERNAL", `${path} has ${loop.size} bytes, the disk in ${file} ${payload.size}`);
}

/** Makes a loop device as large as its grown file and returns what the kernel then says of it. */
export async function refreshLoopSize(loop: LoopDevice, signal: AbortSignal): Promise<LoopDevice> {
  await run("losetup", ["--set-capacity", loop.device], signal);
  const device = readLoopDevice(loop.name);
  if (device?.backingFile === loop.backingFile) return device;
  throw new StatusError("ABORTED", `${loop.device} was detached while it grew`);
}

/** Frees a loop device and proves that it is gone: the kernel also answers yes when it will happen later. */
export async function unbindLoop(loop: LoopDevice, signal: AbortSignal): Promise<void> {
  await run("losetup", ["--detach", loop.device], signal);
  for (let wait = 5; wait <= 640; wait *= 2) {
    if (readLoopDevice(loop.name)?.backingFile !== loop.backingFile) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  throw new StatusError(
    "ABORTED",
    `${loop.device} is still open somewhere and frees itself when that ends; try again`,
  );
}
