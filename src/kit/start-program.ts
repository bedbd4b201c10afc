import { spawn } from "node:child_process";
import { accessSync, constants as access, statSync } from "node:fs";
import { Socket } from "node:net";
import { constants as os } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { posixCalls, type PosixCalls } from "./posix-calls.ts";

/** How to start a program. */
export interface StartOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its standard input is a pipe; else it is empty. */
  readonly hasInput: boolean;
  /** In a session of its own, where no terminal's interrupt reaches it, and with SIGPIPE ignored. */
  readonly outlivesUs: boolean;
}

/** A program that was started. */
export interface Started {
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended and its output is closed. Rejects with the system's error when it could not be started. */
  readonly ended: Promise<{ exitCode: number | undefined; signal: NodeJS.Signals | undefined }>;
}

/** Starts a program. @throws NodeJS.ErrnoException at once, or in `ended`, when it can't be started */
export type StartProgram = (program: string, args: readonly string[], options: StartOptions) => Started;

/** The way of this machine. */
export const startProgram: StartProgram = (program, args, options) => {
  chosen ??= startByPosixSpawn() ?? startByNode;
  return chosen(program, args, options);
};
let chosen: StartProgram | undefined;

/** env(1) itself answers this when the program is missing. */
const ENV_FOUND_NO_PROGRAM = 127;

/** Node's own spawn. It resets all signals, so that env(1) has to ignore one. */
export const startByNode: StartProgram = (program, args, { env, hasInput, outlivesUs }) => {
  const whole = outlivesUs ? ["env", "--ignore-signal=PIPE", program, ...args] : [program, ...args];
  const [first = "", ...rest] = whole;
  const options = { env, detached: outlivesUs };
  const child = hasInput
    ? spawn(first, rest, { ...options, stdio: ["pipe", "pipe", "pipe"] })
    : spawn(first, rest, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<Awaited<Started["ended"]>>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (outlivesUs && code === ENV_FOUND_NO_PROGRAM) reject(notFound(program));
      else resolve({ exitCode: code ?? undefined, signal: signal ?? undefined });
    });
  });
  const { stdin, stdout, stderr } = child;
  return { stdin, stdout, stderr, ended, kill: (signal) => child.kill(signal) };
};

/** Longest pause between two looks whether a program that closed its output has ended, ms. */
const LONGEST_PAUSE_MS = 250;

/** Resolves when a child of this process ends, whichever; see {@link hearOfEnds}. */
let nextEnd = Promise.withResolvers<undefined>();
let hears = false;

/** The kernel tells of the end of a child. A worker thread does not hear it, and looks after a pause. */
function hearOfEnds(): void {
  if (hears) return;
  hears = true;
  process.on("SIGCHLD", () => {
    nextEnd.resolve(undefined);
    nextEnd = Promise.withResolvers();
  });
}

/**
 * By posix_spawn(3), which shares this process's memory until the program is loaded. Node's own spawn forks: it copies
 * the page tables of a process as large as this one, for 5 to 15 ms in which nothing else runs here. Undefined where
 * that can't be called.
 */
export function startByPosixSpawn(): StartProgram | undefined {
  const calls = posixCalls();
  if (calls === undefined) return undefined;
  hearOfEnds();
  return (program, args, { env, hasInput, outlivesUs }) => {
    const path = pathOf(program, env["PATH"] ?? "");
    const pipes = openPipes(calls, hasInput ? 3 : 2);
    const [output, errors, input] = pipes as [Pipe, Pipe, Pipe | undefined];
    let pid: number;
    try {
      pid = calls.spawn({
        path,
        argv: [program, ...args],
        env: Object.entries(env).flatMap(([name, value]) =>
          value === undefined ? [] : [`${name}=${value}`],
        ),
        stdio: [input?.read, output.write, errors.write],
        newSession: outlivesUs,
        ignoreSigpipe: outlivesUs,
      });
    } catch (error) {
      for (const { read, write } of pipes) [read, write].forEach(calls.close);
      throw error;
    }
    for (const fd of [output.write, errors.write]) calls.close(fd);
    if (input !== undefined) calls.close(input.read);
    const stdout = new Socket({ fd: output.read, readable: true, writable: false });
    const stderr = new Socket({ fd: errors.read, readable: true, writable: false });
    const stdin =
      input === undefined ? null : new Socket({ fd: input.write, readable: false, writable: true });
    let over = false;
    const ended = endOf(pid, [stdout, stderr], calls).finally(() => {
      over = true;
      stdin?.destroy();
    });
    return {
      stdin,
      stdout,
      stderr,
      ended,
      // Its id may be another process's once its end was seen.
      kill: (signal) => {
        if (!over) process.kill(pid, signal);
      },
    };
  };
}

type Pipe = ReturnType<PosixCalls["pipe"]>;

function openPipes(calls: PosixCalls, count: number): Pipe[] {
  const pipes: Pipe[] = [];
  try {
    while (pipes.length < count) pipes.push(calls.pipe());
    return pipes;
  } catch (error) {
    for (const { read, write } of pipes) [read, write].forEach(calls.close);
    throw error;
  }
}

/** A program closes its output when it ends: no thread waits for it, however long it takes. */
async function endOf(
  pid: number,
  output: readonly Readable[],
  calls: PosixCalls,
): Promise<Awaited<Started["ended"]>> {
  // One that is destroyed, because others hold its other end, counts as closed.
  await Promise.all(output.map((stream) => finished(stream).catch(() => undefined)));
  let status = calls.reap(pid);
  for (let pause = 1; status === undefined; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    // Nothing is heard between a look and this.
    await Promise.race([nextEnd.promise, setTimeout(pause)]);
    status = calls.reap(pid);
  }
  const signal = status & 0x7f;
  if (signal === 0) return { exitCode: (status >> 8) & 0xff, signal: undefined };
  return { exitCode: undefined, signal: signalNames.get(signal) };
}

const signalNames = new Map(
  Object.entries(os.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);

/** As execvp(3) finds it. @throws NodeJS.ErrnoException when it is nowhere */
function pathOf(program: string, searchPath: string): string {
  if (program.includes("/")) return program;
  const found = searchPath
    .split(":")
    .map((directory) => join(directory, program))
    .find(isProgram);
  if (found === undefined) throw notFound(program);
  return found;
}

function isProgram(path: string): boolean {
  try {
    // Most directories of a search path don't have it, and an exception costs more than the look.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, access.X_OK);
    return true;
  } catch {
    return false;
  }
}

function notFound(program: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${program} is not on the search path`), { code: "ENOENT" });
}
