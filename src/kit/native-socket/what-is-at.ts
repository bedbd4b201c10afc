import { lstat } from "node:fs/promises";
import { isNotFound } from "../errors.ts";

/** What has a path. A link is something else, whatever it leads to. */
export type Occupant = "nothing" | "socket" | "something else";

/** As the file system tells it, where sockets are files of their own kind. */
export async function whatIsAt(path: string): Promise<Occupant> {
  try {
    return (await lstat(path)).isSocket() ? "socket" : "something else";
  } catch (error) {
    if (isNotFound(error)) return "nothing";
    throw error;
  }
}
