import { stat } from "node:fs/promises";
import { isNotFound } from "./errors.ts";

/** Whether something has this path. What can't be looked at is no answer: the system's error says why. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
