import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { StatusError } from "./errors.ts";
import type { FileLock } from "./file-lock.ts";

/** Exit code of flock(1) when another process holds the lock. */
const CONFLICT = 75;

/**
 * Locks a file as POSIX systems do. Node can't call flock(2). A lock belongs to the open file, not to the process that
 * asked for it, so flock(1) takes it on a descriptor that it inherits from us, and it lasts as long as ours stays open.
 */
export async function flockFile(path: string): Promise<FileLock | undefined> {
  const file = await open(path, "a+", 0o600);
  const release = () => file.close();
  try {
    if (await takeLock(file.fd)) return { release };
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return undefined;
}

/** True while a process has the file locked. Who locks it at that moment waits a little. @throws when it can't be read */
export async function isFlocked(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    return !(await takeLock(file.fd));
  } finally {
    await file.close();
  }
}

async function takeLock(descriptor: number): Promise<boolean> {
  const child = spawn("flock", ["--exclusive", "--nonblock", "--conflict-exit-code", String(CONFLICT), "3"], {
    stdio: ["ignore", "ignore", "ignore", descriptor],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code === 0) return true;
  if (code === CONFLICT) return false;
  throw new StatusError("INTERNAL", `flock exited with ${code ?? "a signal"}`);
}
