import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientCall } from "../../agent-client/agent-client.ts";
import { StatusError } from "../../kit/errors.ts";
import { percentText } from "../terminal/progress-bar.ts";
import type { Session } from "./command.ts";
import { newCall } from "../../agent-client/new-call.ts";

const LOOK_MS = 500;
const CLEAR = "\r\x1b[K";

/**
 * Waits for work that may take hours: the agent says "still running" now and then, and the same request joins the work
 * again. Shows how far it is on a terminal.
 * @param request is told whether it joins: work that ended in between can't be joined any more.
 */
export async function follow<T>(
  session: Session,
  request: (call: ClientCall, isRepeat: boolean) => Promise<T>,
): Promise<T> {
  const { signal } = session;
  const requestId = randomUUID();
  const end = new AbortController();
  const shown = process.stderr.isTTY ? showProgress(session, requestId, end.signal) : Promise.resolve();
  try {
    for (let isRepeat = false; ; isRepeat = true) {
      try {
        return await newCall(signal, (call) => request(call, isRepeat), requestId);
      } catch (error) {
        if (signal.aborted) process.stderr.write("the agent goes on with it; the same command joins it\n");
        if (signal.aborted || !isStillRunning(error)) throw error;
      }
    }
  } finally {
    end.abort();
    await shown;
  }
}

/** The agent's word that the wait is over and the work is not. Work that waits for other work is told otherwise. */
function isStillRunning(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    error.code === "ABORTED" &&
    /is still (running|working); the request can be repeated$/.test(error.message)
  );
}

/** Until the end; never fails: an agent that does not tell how far it is, is asked again. */
async function showProgress({ agent }: Session, requestId: string, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    try {
      await delay(LOOK_MS, undefined, { signal: end });
      const { operations } = await newCall(end, (call) => agent.listOperations(call));
      const progress = operations.find(({ request_id }) => request_id === requestId)?.progress;
      if (typeof progress === "number") process.stderr.write(`${CLEAR}${percentText(progress)}`);
    } catch {
      // The end, or an agent that does not answer just now: the request itself will tell.
    }
  }
  process.stderr.write(CLEAR);
}
