import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { hasErrno, StatusError } from "../../kit/errors.ts";
import { nativeLibraries } from "../../kit/native.ts";
import { MiB } from "../../kit/sizes.ts";
import type { Disk } from "../guest.ts";

/** How long the ends of a disk count as read just now, ms. */
const FRESH_MS = 1000;

/** When the reads began that found the ends of these disks zero. */
const proofs = new WeakMap<Disk, number>();

/** Any disk's memory and offsets are whole multiples of this where it is read past the cache. */
const ALIGNMENT = 4096;

const zeros = Buffer.alloc(Number(MiB));

/** True when the first and the last MiB of a disk, or all of a small one, are zero. A read that fails is an error. */
export async function endsAreZero(disk: Disk): Promise<boolean> {
  const began = performance.now();
  proofs.delete(disk);
  const areZero = (await readEnds(disk, "past the cache")) ?? (await readEnds(disk, "through the cache"));
  if (areZero === true) proofs.set(disk, began);
  return areZero === true;
}

/**
 * True when the ends of a disk are zero, as they were read a moment ago for the same call, or are read now. One reading
 * serves one writer.
 */
export async function useBlankProof(disk: Disk): Promise<boolean> {
  const began = proofs.get(disk) ?? -Infinity;
  const areZero = performance.now() - began < FRESH_MS || (await endsAreZero(disk));
  proofs.delete(disk);
  return areZero;
}

/**
 * Past the cache a MiB is one request to the disk, and eight through it. Undefined where the disk, or what stands for
 * it, can't be read so.
 */
async function readEnds(
  disk: Disk,
  how: "past the cache" | "through the cache",
): Promise<boolean | undefined> {
  const direct = how === "past the cache";
  const length = Number(disk.size < MiB ? disk.size : MiB);
  const bytes = direct ? alignedBuffer(length) : Buffer.allocUnsafe(length);
  if (bytes === undefined) return undefined;
  let device: FileHandle | undefined;
  try {
    device = await open(disk.device, constants.O_RDONLY | (direct ? constants.O_DIRECT : 0));
    for (const offset of [0, Number(disk.size) - length]) {
      // So that what no read has reached never looks like zeros.
      bytes.fill(0xff);
      const { bytesRead } = await device.read(bytes, 0, length, offset);
      if (bytesRead !== length) {
        throw new StatusError("UNAVAILABLE", `${disk.device} ended ${length - bytesRead} bytes early`);
      }
      if (!bytes.equals(zeros.subarray(0, length))) return false;
    }
    return true;
  } catch (error) {
    if (direct && hasErrno(error, "EINVAL")) return undefined;
    throw error;
  } finally {
    await device?.close();
  }
}

/** Undefined where nothing tells where a buffer lies. */
function alignedBuffer(length: number): Buffer | undefined {
  const native = nativeLibraries();
  if (native === undefined) return undefined;
  const roomy = Buffer.allocUnsafe(length + ALIGNMENT);
  const over = Number(native.address(roomy) % BigInt(ALIGNMENT));
  return roomy.subarray((ALIGNMENT - over) % ALIGNMENT).subarray(0, length);
}
