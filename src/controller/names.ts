import { StatusError } from "../kit/errors.ts";

/** Longest name in bytes (CSI specification, Size Limits). */
const LONGEST_NAME = 128;

/** @throws StatusError INVALID_ARGUMENT */
export function checkName(name: string): void {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return;
  throw new StatusError("INVALID_ARGUMENT", `name is longer than ${LONGEST_NAME} bytes`);
}
