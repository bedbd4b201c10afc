import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { nativeLibraries } from "../../../kit/native.ts";

/** <linux/loop.h>. LOOP_CONFIGURE came with Linux 5.8. */
const LOOP_CLR_FD = 0x4c01;
const LOOP_SET_STATUS64 = 0x4c04;
const LOOP_GET_STATUS64 = 0x4c05;
const LOOP_CONFIGURE = 0x4c0a;
const LOOP_CTL_GET_FREE = 0x4c82;
const LO_FLAGS_READ_ONLY = 1;
const LO_FLAGS_AUTOCLEAR = 4;

/** struct loop_info64, bytes, and where its fields lie. */
const INFO_BYTES = 232;
const INFO_OFFSET = 24;
const INFO_SIZE_LIMIT = 32;
const INFO_FLAGS = 52;

/** How often a free device may turn out to be taken by somebody else. */
const TRIES = 8;

/** What part of a file a device shows; without a limit it follows the file's end. Bytes. */
export interface LoopPart {
  readonly offset: bigint;
  readonly sizeLimit: bigint | undefined;
  readonly readOnly: boolean;
}

/** The kernel's own calls for loop devices, without the start of a program, which stops all else meanwhile. */
export interface LoopCalls {
  /** The device that was bound, `/dev/loop3`; undefined when losetup must try, and say what is wrong. */
  bind(file: string, part: LoopPart): Promise<string | undefined>;
  /** False when losetup must try. The kernel frees a device that is still open somewhere later. */
  unbind(device: string): Promise<boolean>;
  /**
   * Takes back an unbind that the kernel has put off until the device is closed. It stays open while `isOurs` is asked,
   * so that it can't become another's meanwhile. False when it was not done.
   */
  keep(device: string, isOurs: () => boolean): Promise<boolean>;
  /**
   * Makes a bound device show so many bytes of its file, undefined: up to the file's end. Asks `isOurs` as `keep` does.
   * False when it was not done.
   */
  limit(device: string, sizeLimit: bigint | undefined, isOurs: () => boolean): Promise<boolean>;
}

/** struct loop_config: a descriptor and a block size, then struct loop_info64. */
function configOf(descriptor: number, { offset, sizeLimit = 0n, readOnly }: LoopPart): Buffer {
  const config = Buffer.alloc(304);
  config.writeUInt32LE(descriptor, 0);
  const info = config.subarray(8, 8 + INFO_BYTES);
  info.writeBigUInt64LE(offset, INFO_OFFSET);
  info.writeBigUInt64LE(sizeLimit, INFO_SIZE_LIMIT);
  info.writeUInt32LE(readOnly ? LO_FLAGS_READ_ONLY : 0, INFO_FLAGS);
  return config;
}

/** Undefined where koffi is missing. */
export function loopCalls(): LoopCalls | undefined {
  const ioctl = nativeLibraries()
    ?.load(null)
    .func("int ioctl(int descriptor, unsigned long request, void *argument)");
  if (ioctl === undefined) return undefined;

  /** In a thread of its own: a device's last writes may be on their way. Negative when it failed. */
  const control = (descriptor: number, request: number, argument: Buffer | null): Promise<number> =>
    new Promise((resolve, reject) => {
      ioctl.async(descriptor, request, argument, (error: Error | null, result: number) => {
        if (error) reject(error);
        else resolve(result);
      });
    });

  /** Opens for the time of `work`; undefined when that can't be done. */
  const withOpen = async <T>(path: string, flags: number, work: (fd: number) => Promise<T>) => {
    const file = await open(path, flags).catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      return await work(file.fd);
    } finally {
      await file.close();
    }
  };

  const bindFree = async (file: number, part: LoopPart, access: number): Promise<string | undefined> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const free = await withOpen("/dev/loop-control", constants.O_RDWR, (fd) =>
        control(fd, LOOP_CTL_GET_FREE, null),
      );
      if (free === undefined || free < 0) return undefined;
      const device = `/dev/loop${free}`;
      const bound = await withOpen(device, access, (fd) => control(fd, LOOP_CONFIGURE, configOf(file, part)));
      if (bound === 0) return device;
    }
    return undefined;
  };

  const change = async (device: string, isOurs: () => boolean, edit: (info: Buffer) => void) => {
    const changed = await withOpen(device, constants.O_RDONLY, async (fd) => {
      const info = Buffer.alloc(INFO_BYTES);
      if (!isOurs() || (await control(fd, LOOP_GET_STATUS64, info)) !== 0) return undefined;
      const before = Buffer.from(info);
      edit(info);
      return info.equals(before) ? 0 : await control(fd, LOOP_SET_STATUS64, info);
    });
    return changed === 0;
  };

  return {
    bind: async (file, part) => {
      const access = part.readOnly ? constants.O_RDONLY : constants.O_RDWR;
      return await withOpen(file, access, (fd) => bindFree(fd, part, access));
    },
    unbind: async (device) =>
      (await withOpen(device, constants.O_RDONLY, (fd) => control(fd, LOOP_CLR_FD, null))) === 0,
    keep: (device, isOurs) =>
      change(device, isOurs, (info) => {
        info.writeUInt32LE(info.readUInt32LE(INFO_FLAGS) & ~LO_FLAGS_AUTOCLEAR, INFO_FLAGS);
      }),
    limit: (device, sizeLimit = 0n, isOurs) =>
      change(device, isOurs, (info) => {
        info.writeBigUInt64LE(sizeLimit, INFO_SIZE_LIMIT);
      }),
  };
}
