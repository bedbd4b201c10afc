import { StatusError } from "../kit/errors.ts";
import type { Guest, PathState } from "./guest.ts";

/** What a path shows of a volume. @throws StatusError NOT_FOUND when it is not this volume */
export async function publishedHere(
  guest: Guest,
  volumeId: string,
  path: string,
): Promise<Extract<PathState, { kind: "mounted" }> & { readonly path: string }> {
  // A relative path shows nothing: what it means depends on who asks.
  const plain = guest.paths.canonical(path);
  const state = plain === undefined ? undefined : await guest.stateOf(plain, volumeId);
  if (plain !== undefined && state?.kind === "mounted" && state.isVolume) return { ...state, path: plain };
  throw new StatusError("NOT_FOUND", `volume ${volumeId} is not on ${path}`);
}
