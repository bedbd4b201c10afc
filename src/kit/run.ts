import { execa, type Result } from "execa";
import { StatusError } from "./errors.ts";

/** How a program ended. Texts are without the trailing newline. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

type ProgramEnd = Pick<Result, "exitCode" | "shortMessage"> & {
  readonly stdout: string;
  readonly stderr: string;
};

/** System programs are found even where the caller's path leaves them out, as root's does after a plain su. */
const environment = () => ({ LC_ALL: "C", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` });

/** Longest a child process may take when its caller sets no earlier end. */
const LONGEST_RUN_MS = 15 * 60_000;

/** env(1) itself answers this when the program is missing. */
const ENV_FOUND_NO_PROGRAM = 127;

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
  const result = await execa(program, args, {
    reject: false,
    stdin: "ignore",
    env: environment(),
    timeout: LONGEST_RUN_MS,
    forceKillAfterDelay: 2000,
    maxBuffer: 4 * 1024 * 1024,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  // Also when it caught the signal and ended with a code of its own: nobody knows how far it came.
  if (result.isCanceled || result.timedOut) {
    throw new StatusError("DEADLINE_EXCEEDED", `${program} did not end in time and was stopped`, result);
  }
  if (result.code === "ENOENT") throw notInstalled(program, result);
  return ended(program, result);
}

/**
 * Runs a program that must not be cut off: no deadline, and the end of this process leaves it running, in a session
 * of its own, where no terminal's interrupt and no closed pipe reaches it. `input` is its standard input, the one way
 * for a secret: it stands in no argument, environment, result or error.
 * @throws StatusError UNAVAILABLE when the program is missing.
 */
export async function runToEnd(program: string, args: readonly string[], input = ""): Promise<RunResult> {
  const result = await execa("env", ["--ignore-signal=PIPE", program, ...args], {
    reject: false,
    input,
    env: environment(),
    cleanup: false,
    detached: true,
    // A limit would kill the program; those that are run so say little.
    maxBuffer: Infinity,
  });
  if (result.exitCode === ENV_FOUND_NO_PROGRAM) throw notInstalled(program, result);
  return ended(program, result);
}
function ended(program: string, result: ProgramEnd): RunResult {
  if (result.exitCode === undefined) {
    throw new StatusError("INTERNAL", `${program} failed: ${result.shortMessage ?? "no exit code"}`, result);
  }
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
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
