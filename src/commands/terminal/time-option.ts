import parseDuration from "parse-duration";
import { StatusError } from "../../kit/errors.ts";

/** Milliseconds of a time such as 90s or 10m; undefined for anything else, less than none too. */
export function timeIn(text: string): number | undefined {
  return /^\s*-/.test(text) ? undefined : (parseDuration(text) ?? undefined);
}

/** Reads a time such as 90s or 10m, of `least` or more. @returns milliseconds @throws StatusError INVALID_ARGUMENT */
export function readTime(option: string, text: string, least = 1): number {
  const ms = timeIn(text);
  if (ms !== undefined && ms >= least) return ms;
  const what = least === 1 ? "a time" : `a time of ${least / 1000} s or more`;
  throw new StatusError("INVALID_ARGUMENT", `${option} ${text} is not ${what} such as 90s or 10m`);
}
