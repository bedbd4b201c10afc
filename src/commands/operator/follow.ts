import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientCall } from "../../agent-client/agent-client.ts";
import { StatusError } from "../../kit/errors.ts";
import { percentText } from "../terminal/progress-bar.ts";
import type { Session } from "./command.ts";
import { newCall } from "./connection.ts";

const LOOK_MS = 500;
const CLEAR = "\r\x1b[K";

/**
 * Waits for work that may take hours: the agent says "still running" now and then, and the same request joins the work
 * again. Shows how far it is on a terminal.
 */
export async function follow<T>(
  { agent, signal }: Session,
  request: (call: ClientCall) => Promise<T>,
): Promise<T> {
  const requestId = randomUUID();
  const done = new AbortController();
  const shown = process.stderr.isTTY ? show(requestId, done.signal) : Promise.resolve();
  try {
    for (;;) {
      try {
        return await request(newCall(signal, requestId));
      } catch (error) {
        if (!(error instanceof StatusError && error.code === "ABORTED" && !signal.aborted)) throw error;
        if (!/still (running|working)/.test(error.message)) throw error;
      }
    }
  } finally {
    done.abort();
    await shown;
  }

  async function show(id: string, end: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await delay(LOOK_MS, undefined, { signal: end });
        const { operations } = await agent.listOperations(newCall(end));
        const progress = operations.find(({ request_id }) => request_id === id)?.progress;
        if (typeof progress === "number") process.stderr.write(`${CLEAR}${percentText(progress)}`);
      }
    } catch {
      // The end, or an agent that does not answer just now: the request itself will tell.
      process.stderr.write(CLEAR);
    }
  }
}
