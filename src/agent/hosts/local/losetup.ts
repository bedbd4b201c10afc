import { basename } from "node:path";
import { StatusError } from "../../../kit/errors.ts";
import { failed, run, runAny } from "../../../kit/run.ts";
import { loopCalls, type LoopCalls, type LoopPart } from "./loop-ioctl.ts";
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
  const part = { offset: payload.offset, sizeLimit: sizeLimitOf(payload), readOnly };
  const path = (await calls()?.bind(file, part)) ?? (await bindByProgram(file, part, signal));
  const loop = readLoopDevice(basename(path));
  if (loop?.backingFile !== file || loop.readOnly !== readOnly || loop.offset !== payload.offset) {
    throw new StatusError("ABORTED", `${path} did not stay bound to ${file}; try again`);
  }
  if (loop.size === payload.size) return loop;
  await unbindLoop(loop, signal);
  throw new StatusError("INTERNAL", `${path} has ${loop.size} bytes, the disk in ${file} ${payload.size}`);
}

/** Without a limit the device can follow the file when it grows; with bytes behind the payload it must not. */
function sizeLimitOf({ endsFile, size }: Payload): bigint | undefined {
  return endsFile ? undefined : size;
}

/** As LoopCalls do it, by losetup. */
export async function bindByProgram(
  file: string,
  { offset, sizeLimit, readOnly }: LoopPart,
  signal: AbortSignal,
): Promise<string> {
  const limit = sizeLimit === undefined ? [] : ["--sizelimit", String(sizeLimit)];
  const access = readOnly ? ["--read-only"] : [];
  const args = ["--find", "--show", "--offset", String(offset), ...limit, ...access, file];
  const result = await runAny("losetup", args, signal);
  if (result.exitCode === 0) return result.stdout.trim();
  throw new StatusError("UNAVAILABLE", `no loop device: ${failed("losetup", args, result).message}`);
}

let known: LoopCalls | undefined;
/** Loaded when the first disk is attached. */
function calls(): LoopCalls | undefined {
  return (known ??= loopCalls());
}

/** Makes a loop device as large as its disk has grown and returns what the kernel then says of it. */
export async function refreshLoopSize(
  loop: LoopDevice,
  payload: Payload,
  signal: AbortSignal,
): Promise<LoopDevice> {
  const isOurs = () => readLoopDevice(loop.name)?.backingFile === loop.backingFile;
  const isLimited = await calls()?.limit(loop.device, sizeLimitOf(payload), isOurs);
  if (isLimited !== true && isOurs() && !payload.endsFile) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `bytes follow the disk in ${loop.backingFile}, and the limit of ${loop.device} can't be changed: detach the volume and attach it again`,
    );
  }
  await run("losetup", ["--set-capacity", loop.device], signal);
  const device = readLoopDevice(loop.name);
  if (device?.backingFile === loop.backingFile) return device;
  throw new StatusError("ABORTED", `${loop.device} was detached while it grew`);
}

/**
 * Frees a loop device and proves that it is gone: the kernel also answers yes when it will happen once the device is
 * closed. That is taken back: a disk that somebody began to use must not vanish when they end.
 */
export async function unbindLoop(loop: LoopDevice, signal: AbortSignal): Promise<void> {
  const isThere = () => readLoopDevice(loop.name)?.backingFile === loop.backingFile;
  if ((await calls()?.unbind(loop.device)) !== true) await run("losetup", ["--detach", loop.device], signal);
  for (let wait = 5; wait <= 640; wait *= 2) {
    if (!isThere()) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  const kept = await calls()?.keep(loop.device, isThere);
  if (!isThere()) return;
  throw new StatusError(
    "ABORTED",
    `${loop.device} is still open somewhere${kept === true ? "" : " and frees itself when that ends"}; try again`,
  );
}
