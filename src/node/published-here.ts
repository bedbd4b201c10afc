import { isAbsolute } from "node:path";
import { StatusError } from "../kit/errors.ts";
import type { Guest, PathState } from "./guest.ts";

/** What a path shows of a volume. @throws StatusError NOT_FOUND when it is not this volume */
export async function publishedHere(
  guest: Guest,
  volumeId: string,
  path: string,
): Promise<Extract<PathState, { kind: "mounted" }>> {
  // A relative path shows nothing: what it means depends on who asks.
  const state = isAbsolute(path) ? await guest.stateOf(path, volumeId) : undefined;
  if (state?.kind === "mounted" && state.isVolume) return state;
  throw new StatusError("NOT_FOUND", `volume ${volumeId} is not on ${path}`);
}
