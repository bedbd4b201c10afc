import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Host } from "./host.ts";

/** Longest that a start waits for its host: one that hangs must not keep what needs no host from being served. */
const LONGEST_MS = 30_000;

/**
 * Waits until the host has answered once. One that can't be asked yet is asked again when it is needed.
 * @throws StatusError FAILED_PRECONDITION, PERMISSION_DENIED: it is closed then
 */
export async function untilHostIsProven(host: Host, log: Log, longestMs = LONGEST_MS): Promise<void> {
  const waited = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    waited.resolve(undefined);
  }, longestMs);
  try {
    await Promise.race([host.listVms(), waited.promise]);
  } catch (thrown) {
    const error = StatusError.from(thrown);
    if (error.code === "FAILED_PRECONDITION" || error.code === "PERMISSION_DENIED") {
      await host.close();
      throw error;
    }
    log.warn({ err: error }, "the host can't be asked yet");
  } finally {
    clearTimeout(timer);
  }
}
