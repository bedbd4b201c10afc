import { failed, runAny, runToEnd, type RunResult } from "../../kit/run.ts";

/**
 * The longest each program of the node that only looks, or whose one step is the kernel's, may take, in milliseconds.
 * It is killed then. One that hangs in the kernel can't be: whoever waits for it gives up at the caller's deadline,
 * and what it works on stays locked until it is gone.
 */
const limits = {
  blkid: 60_000,
  mount: 300_000,
  umount: 120_000,
  stat: 10_000,
  // Only ever with -n: it reads. What it finds must reach a caller that waits two minutes.
  xfs_repair: 60_000,
} as const;
export type KillableTool = keyof typeof limits;

/**
 * Programs that write to a disk step by step. Cut off, they would leave it neither as it was nor as it should be:
 * they are never killed, and outlive this process.
 */
export type Writer =
  "mkfs.ext4" | "mkfs.xfs" | "mkfs.btrfs" | "e2fsck" | "resize2fs" | "xfs_growfs" | "btrfs" | "cryptsetup";

/** Runs a program under its limit, and returns how it ended. */
export function runLimitedAny(tool: KillableTool, args: readonly string[]): Promise<RunResult> {
  return runAny(tool, args, AbortSignal.timeout(limits[tool]));
}

/** As {@link runLimitedAny}, for a program that must exit with 0. */
export async function runLimited(tool: KillableTool, args: readonly string[]): Promise<string> {
  const result = await runLimitedAny(tool, args);
  if (result.exitCode !== 0) throw failed(tool, args, result);
  return result.stdout;
}

/** Runs a program that writes, to its end, and returns how it ended. A secret is its `input`. */
export function runWriterAny(tool: Writer, args: readonly string[], input?: string): Promise<RunResult> {
  return runToEnd(tool, args, input);
}

/** As {@link runWriterAny}, for a program that must exit with 0. */
export async function runWriter(tool: Writer, args: readonly string[]): Promise<void> {
  const result = await runWriterAny(tool, args);
  if (result.exitCode !== 0) throw failed(tool, args, result);
}
