import { startChild, type ChildEnd } from "./child-process.ts";
import { hasErrno, StatusError } from "./errors.ts";

/** How a program ended. Texts are without the trailing newline. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** System programs are found even where the caller's path leaves them out, as root's does after a plain su. */
const environment = () => ({
  ...process.env,
  LC_ALL: "C",
  PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
});

/** Longest a child process may take when its caller sets no earlier end. */
const LONGEST_RUN_MS = 15 * 60_000;

const MOST_OUTPUT = 4 * 1024 * 1024;

/**
 * Runs a program without a shell and returns how it ended, whatever the exit code. It is killed when `signal`
 * ends. Messages are in the C locale, but nothing should depend on their words.
 * @throws StatusError UNAVAILABLE when the program is missing, DEADLINE_EXCEEDED when it was killed.
 */
export async function runAny(
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<RunResult> {
  const stopped = () =>
    new StatusError("DEADLINE_EXCEEDED", `${program} did not end in time and was stopped`);
  if (signal?.aborted === true) throw stopped();
  const cut = { short: false };
  const end = await endOf(program, () => {
    const child = startChild(program, args, { env: environment(), mostOutput: MOST_OUTPUT });
    const stop = () => {
      cut.short = true;
      child.stop();
    };
    const longest = setTimeout(stop, LONGEST_RUN_MS);
    signal?.addEventListener("abort", stop);
    return child.end.finally(() => {
      clearTimeout(longest);
      signal?.removeEventListener("abort", stop);
    });
  });
  // Also when it caught the signal and ended with a code of its own: nobody knows how far it came.
  if (cut.short) throw stopped();
  return ended(program, end);
}

/**
 * Runs a program that must not be cut off: no deadline, and the end of this process leaves it running, in a session
 * of its own, where no terminal's interrupt and no closed pipe reaches it. `input` is its standard input, the one way
 * for a secret: it stands in no argument, environment, result or error.
 * @throws StatusError UNAVAILABLE when the program is missing.
 */
export async function runToEnd(program: string, args: readonly string[], input = ""): Promise<RunResult> {
  // A limit would kill the program; those that are run so say little.
  const options = { env: environment(), input, outlivesUs: true, mostOutput: Infinity };
  return ended(program, await endOf(program, () => startChild(program, args, options).end));
}

/** The end of a program that `start` starts. @throws StatusError when it can't be started */
async function endOf(program: string, start: () => Promise<ChildEnd>): Promise<ChildEnd> {
  try {
    return await start();
  } catch (error) {
    if (hasErrno(error, "ENOENT")) throw notInstalled(program, error);
    const why = error instanceof Error ? error.message : String(error);
    throw new StatusError("INTERNAL", `${program} failed: ${why}`, error);
  }
}

function ended(program: string, { exitCode, signal, stdout, stderr }: ChildEnd): RunResult {
  if (exitCode === undefined) {
    throw new StatusError("INTERNAL", `${program} failed: ${signal ?? "a signal"} ended it`);
  }
  return { exitCode, stdout, stderr };
}

function notInstalled(program: string, cause: unknown): StatusError {
  return new StatusError("UNAVAILABLE", `the program ${program} is not installed on this machine`, cause);
}

/** Runs a program that must exit with 0 and returns its standard output. */
export async function run(program: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const result = await runAny(program, args, signal);
  if (result.exitCode !== 0) throw failed(program, args, result);
  return result.stdout;
}

/** The error for a program that ended with an exit code it should not have. */
export function failed(program: string, args: readonly string[], result: RunResult): StatusError {
  const said = (result.stderr || result.stdout).trim().slice(0, 600);
  return new StatusError(
    "INTERNAL",
    `${[program, ...args].join(" ")} exited with ${result.exitCode}${said === "" ? "" : `: ${said}`}`,
  );
}
