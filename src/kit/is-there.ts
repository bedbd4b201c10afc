import { stat } from "node:fs/promises";
import { ifThere } from "./if-there.ts";

/** Whether something has this path. What can't be looked at is no answer: the system's error says why. */
export async function isThere(path: string): Promise<boolean> {
  return (await ifThere(stat(path))) !== undefined;
}
