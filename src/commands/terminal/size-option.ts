import { InvalidArgumentError } from "commander";
import { MiB, parseSize } from "../../kit/sizes.ts";

/**
 * A number of bytes, or of K, M, G or T of them: `10G` and `10GiB` are both 10 × 2^30, as for qemu-img.
 * @throws InvalidArgumentError for anything else, and for zero
 */
export function readSize(text: string): bigint {
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes > 0n) return bytes;
  throw new InvalidArgumentError("A size is a whole number of bytes, or of K, M, G or T: 512M, 10GiB.");
}

/**
 * A size that a block can have. [MS-VHDX] 2.6.2.1
 * @throws InvalidArgumentError
 */
export function readBlockSize(text: string): number {
  const bytes = readSize(text);
  if (bytes >= MiB && bytes <= 256n * MiB && (bytes & (bytes - 1n)) === 0n) return Number(bytes);
  throw new InvalidArgumentError(
    `A block of ${bytes} bytes is out of range: it has a power of two from 1M to 256M, such as 2M or 32MiB.`,
  );
}
