import { printable } from "./printable.ts";
import { StatusError } from "../../kit/errors.ts";

/** Exit codes that all of `hyperv-csi vhdx` share. */
export const exitCodes = { done: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** What a tool's work needs besides its own arguments. */
export interface ToolContext {
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * Runs the work of a command that ends by itself and sets the exit code: what the work returns, `failure` with a message
 * when it throws, 130 when it was interrupted, after it has tidied up.
 */
export async function runTool(
  work: (context: ToolContext) => Promise<number>,
  failure: number = exitCodes.failure,
): Promise<void> {
  const abort = new AbortController();
  const stop = () => {
    abort.abort();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    process.exitCode = await work({ signal: abort.signal });
  } catch (error) {
    process.exitCode = abort.signal.aborted ? exitCodes.interrupted : failure;
    const message = abort.signal.aborted ? "interrupted" : messageOf(error);
    process.stderr.write(`hyperv-csi vhdx: ${printable(message)}\n`);
  } finally {
    process.removeListener("SIGINT", stop).removeListener("SIGTERM", stop);
  }
}

/** What to tell a person. */
export function messageOf(error: unknown): string {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${path ?? "the file"}: there is no such file`;
  if (code === "EEXIST")
    return `${path ?? "the target"}: there is such a file already, and none is ever overwritten`;
  if (code === "EACCES" || code === "EPERM") return `${path ?? "the file"}: permission denied`;
  if (code === "ENOSPC") return "no space is left; nothing of the new file stays";
  return error instanceof StatusError ? error.message : message;
}
