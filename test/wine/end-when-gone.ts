import { spawn } from "node:child_process";
import { once } from "node:events";

/** Its input ends with the process that has the other end of the pipe, however that process ends. */
const GUARD = `
read -r _
wineserver --kill
wineserver --wait
rm -rf "$@" || { sleep 2; rm -rf "$@"; }
`;

/**
 * Ends all that runs in one Windows of Wine's, and in no other, and takes directories away: when it is told to, and else once
 * this process is gone, killed or not.
 * @param environment what names that Windows
 * @returns tells it to, and resolves when that is done
 */
export function endWhenGone(
  environment: Readonly<Record<string, string>>,
  directories: readonly string[],
): () => Promise<void> {
  const guard = spawn("sh", ["-c", GUARD, "sh", ...directories], {
    // A session of its own, so that it outlives what this one is ended by; none of this process's variables, which mark it.
    detached: true,
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = once(guard, "exit");
  return async () => {
    guard.stdin.end();
    await ended;
  };
}
