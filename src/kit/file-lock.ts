import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, type FileHandle } from "node:fs/promises";
import { StatusError } from "./errors.ts";

/** Exit code of flock(1) when another process holds the lock. */
const CONFLICT = 75;

/** A lock that the kernel holds for this process until `release` or the end of the process, however it ends. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes an exclusive lock on `path` (created when missing) or refuses with FAILED_PRECONDITION, naming the
 * `owner` that the holder wrote into the file. Never waits.
 *
 * Node can't call flock(2). A lock belongs to the open file, not to the process that asked for it, so flock(1)
 * takes it on a descriptor that it inherits from us, and it lasts as long as our descriptor stays open.
 */
export async function lockFile(path: string, subject: string, owner: string): Promise<FileLock> {
  const file = await open(path, "a+", 0o600);
  try {
    if (!(await takeLock(file))) {
      const holder = (await file.readFile("utf8")).trim();
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${subject} is in use by ${holder === "" ? "another process" : holder}; stop it first, or use another one`,
      );
    }
    await file.truncate(0);
    await file.write(`${owner} (pid ${process.pid})\n`);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { release: () => file.close() };
}

async function takeLock(file: FileHandle): Promise<boolean> {
  const child = spawn("flock", ["--exclusive", "--nonblock", "--conflict-exit-code", String(CONFLICT), "3"], {
    stdio: ["ignore", "ignore", "ignore", file.fd],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code === 0) return true;
  if (code === CONFLICT) return false;
  throw new StatusError("INTERNAL", `flock exited with ${code ?? "a signal"}`);
}
