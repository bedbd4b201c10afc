/** Sizes are bytes in a bigint everywhere inside; they become text or a JSON number once, at the edge. */
export const KiB = 1024n;
export const MiB = 1024n * KiB;
export const GiB = 1024n * MiB;
export const TiB = 1024n * GiB;

const INT64_MAX = 2n ** 63n - 1n;

/** Smallest multiple of `grain` that is not below `value` (both ≥ 0, grain > 0). */
export function roundUp(value: bigint, grain: bigint): bigint {
  return ((value + grain - 1n) / grain) * grain;
}

/**
 * A decimal integer as protobuf's int64 or a query parameter carries it; undefined when it is anything else
 * or does not fit in 64 bits. Accepts a leading minus: whether a negative size makes sense is the caller's rule.
 */
export function parseInt64(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > INT64_MAX || value < -INT64_MAX - 1n ? undefined : value;
}

const units: Readonly<Record<string, bigint>> = { "": 1n, k: KiB, m: MiB, g: GiB, t: TiB };

/** `10G`, `10Gi` and `10GiB` are all 10 × 2^30, a number alone is bytes; undefined for any other text. */
export function parseSize(text: string): bigint | undefined {
  const [, count, unit = ""] = /^(\d{1,18})(?:b|([kmgt])(?:i?b?)?)?$/i.exec(text) ?? [];
  return count === undefined ? undefined : BigInt(count) * (units[unit.toLowerCase()] ?? 0n);
}

/** A size as a JSON number. Sizes reach 64 TiB (2^46), so nothing is lost. */
export function toJsonSize(bytes: bigint): number {
  return Number(bytes);
}

/** `1.5 GiB`: for people only, rounded down to one decimal, so that it never promises more than there is. */
export function formatSize(bytes: bigint): string {
  const units: [bigint, string][] = [
    [TiB, "TiB"],
    [GiB, "GiB"],
    [MiB, "MiB"],
    [KiB, "KiB"],
  ];
  for (const [unit, name] of units) {
    if (bytes < unit) continue;
    const tenths = (bytes * 10n) / unit;
    return tenths % 10n === 0n ? `${tenths / 10n} ${name}` : `${tenths / 10n}.${tenths % 10n} ${name}`;
  }
  return `${bytes} B`;
}
