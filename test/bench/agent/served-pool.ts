import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import type { ClientCall } from "../../../src/agent-client/agent-client.ts";
import { freePort, type RunningAgent, startAgentProcess } from "../../support/running-agent.ts";

/** An agent from the bundle that serves one pool. */
export interface ServedPool extends RunningAgent {
  /** From the start of its process to its first answer, milliseconds. */
  readonly startMs: number;
}

/**
 * @param directory for the agent's key and state, which are this pool's alone.
 * @param more options of the command.
 */
export async function servePool(
  program: string,
  directory: string,
  pool: string,
  more: readonly string[] = [],
): Promise<ServedPool> {
  await mkdir(directory, { recursive: true });
  const port = await freePort();
  const started = performance.now();
  const agent = await startAgentProcess({ program, port, directory, options: ["--pool", pool, ...more] });
  await agent.client.listVolumes(1, "", call());
  return { ...agent, startMs: performance.now() - started };
}

/** Ends it as an administrator does: it has time to write its index. */
export async function stop({ process: own }: ServedPool): Promise<void> {
  await own.kill("SIGTERM");
}

/** What comes along with a call. */
export function call(): ClientCall {
  const budgetMs = 60_000;
  return {
    signal: AbortSignal.timeout(budgetMs),
    requestId: randomUUID(),
    deadline: performance.now() + budgetMs,
  };
}

/** Resident memory of an agent now, or the most it ever had, in MiB. */
export async function memoryMiB({ process: { pid } }: ServedPool, most = false): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const field = most ? /^VmHWM:\s+(\d+) kB$/m : /^VmRSS:\s+(\d+) kB$/m;
  return Number(field.exec(status)?.[1]) / 1024;
}
