import * as fs from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { hasErrno } from "./errors.ts";
import { isWindows, thisPlatform } from "./platform.ts";

/** Gives a file another name, in the place of a file that has it. */
export type Rename = (from: string, to: string) => Promise<void>;

/** How long one that others stand in the way of is tried again, and the longest pause between, milliseconds. */
const PATIENCE_MS = 5000;
const LONGEST_PAUSE_MS = 200;

/** How Node tells that somebody else has one of both files open; lasting refusals have some of these codes, too. */
const HELD = ["EBUSY", "EPERM", "EACCES"] as const;

/** As {@link rename} is on a platform. */
export function renameOn(platform: NodeJS.Platform, once: Rename): Rename {
  return isWindows(platform) ? (from, to) => patiently(once, from, to) : once;
}

/**
 * Renames. Windows refuses that while somebody has a file open, as virus scanners and indexers do for a moment with
 * every new file: it is tried again for some seconds there.
 * @throws NodeJS.ErrnoException of the last try
 */
export const rename: Rename = (from, to) =>
  renameOn(thisPlatform, (...names) => fs.rename(...names))(from, to);

async function patiently(once: Rename, from: string, to: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (let pause = 10; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      await once(from, to);
      return;
    } catch (error) {
      if (!HELD.some((code) => hasErrno(error, code)) || performance.now() >= until) throw error;
    }
    await setTimeout(pause);
  }
}
