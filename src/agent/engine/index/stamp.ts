import type { BigIntStats } from "node:fs";

/** What a file system told of a file when it was last looked at. */
export interface Stamp {
  /** Equal texts: the same file with the same content, as far as a file system can tell. */
  readonly text: string;
  /** Bytes it takes in its file system. */
  readonly allocated: bigint;
}

const BLOCK = 512n;

export function stampOf({
  ino,
  ctimeNs,
  size,
  blocks,
}: Pick<BigIntStats, "ino" | "ctimeNs" | "size" | "blocks">): Stamp {
  return {
    text: `${ino.toString(36)}.${ctimeNs.toString(36)}.${size.toString(36)}`,
    allocated: blocks * BLOCK,
  };
}
