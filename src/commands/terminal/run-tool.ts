import { hasErrno } from "../../kit/errors.ts";
import { stopSignal } from "../until-stopped.ts";
import { isReaderGone } from "./output.ts";
import { printable } from "./printable.ts";

/** Exit codes that all commands share that end by themselves. 130 and 141 are those of SIGINT and SIGPIPE, as shells count them. */
export const exitCodes = { done: 0, failure: 1, usage: 2, interrupted: 130, readerGone: 141 } as const;

/**
 * Runs the work of a command that ends by itself and sets the exit code: what the work returns; `usage` for an argument
 * that the library refuses; 130 when a signal interrupted it, after it has tidied up; 141, without a message, when
 * nobody reads its output any more; `failure` for all else that it throws.
 */
export async function runTool(
  work: (signal: AbortSignal) => Promise<number>,
  failure: number = exitCodes.failure,
): Promise<void> {
  const signal = stopSignal();
  // The write that failed tells; without a listener the event would end the process with a stack.
  process.stdout.on("error", () => undefined);
  try {
    process.exitCode = await work(signal);
  } catch (error) {
    process.exitCode = codeOf(error, signal, failure);
    if (process.exitCode === exitCodes.readerGone) return;
    if (signal.aborted) process.stderr.write(`${program()}: interrupted\n`);
    else complain(error);
  }
}

/** Tells a person of a failure, on standard error. */
export function complain(error: unknown): void {
  process.stderr.write(`${program()}: ${messageOf(error)}\n`);
}

/** `hyperv-csi vhdx`, `hyperv-csi volume`: what a person called. */
function program(): string {
  const [name] = process.argv.slice(2);
  return name === undefined ? "hyperv-csi" : `hyperv-csi ${printable(name)}`;
}

function codeOf(error: unknown, signal: AbortSignal, failure: number): number {
  if (signal.aborted) return exitCodes.interrupted;
  if (isReaderGone(error)) return exitCodes.readerGone;
  // Node's own range errors have a code; they are faults of this program.
  return error instanceof RangeError && !("code" in error) ? exitCodes.usage : failure;
}

/** What to tell a person: one line without a stack. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const { path = "" } = error as NodeJS.ErrnoException;
  const file = path === "" ? "the file" : path;
  if (hasErrno(error, "ENOENT", "ENOTDIR")) return printable(`${file}: there is no such file`);
  if (hasErrno(error, "EEXIST")) {
    return printable(
      `${file}: there is such a file already, and none is ever overwritten: take another name or remove it first`,
    );
  }
  if (hasErrno(error, "EACCES", "EPERM")) return printable(`${file}: permission denied`);
  if (hasErrno(error, "ENOSPC", "EDQUOT")) return "no space is left: free some, then try again";
  return printable(error.message);
}
