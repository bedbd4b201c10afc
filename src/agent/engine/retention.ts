import { performance } from "node:perf_hooks";
import type { EngineParts } from "./parts.ts";
import { removeExpired } from "./volumes/deleted-volumes.ts";

const LOOK_MS = 60_000;

/** Removes deleted volumes whose time is over, now and then. A clock that jumps while the agent runs removes nothing. */
export function startRetention(parts: EngineParts): { close(): void } {
  const started = Date.now() - performance.now();
  const look = () => {
    removeExpired(parts, started + performance.now()).catch((error: unknown) => {
      parts.log.warn({ err: error }, "deleted volumes could not be looked at");
    });
  };
  look();
  const timer = setInterval(look, LOOK_MS).unref();
  return {
    close: () => {
      clearInterval(timer);
    },
  };
}
