import { InvalidArgumentError } from "commander";
import { GiB, KiB, MiB, TiB } from "../../kit/sizes.ts";

const units: Readonly<Record<string, bigint>> = { "": 1n, k: KiB, m: MiB, g: GiB, t: TiB };

/**
 * A number of bytes, or of K, M, G or T of them: `10G` and `10GiB` are both 10 × 2^30, as for qemu-img.
 * @throws InvalidArgumentError for anything else, and for zero
 */
export function readSize(text: string): bigint {
  const [, count = "", unit = ""] = /^(\d{1,18})([kmgt]?)(?:ib|b)?$/i.exec(text) ?? [];
  const bytes = count === "" ? 0n : BigInt(count) * (units[unit.toLowerCase()] ?? 0n);
  if (bytes > 0n) return bytes;
  throw new InvalidArgumentError("A size is a whole number of bytes, or of K, M, G or T: 512M, 10GiB.");
}

/** `readSize` for a block: what a number holds exactly. */
export function readBlockSize(text: string): number {
  return Number(readSize(text));
}
