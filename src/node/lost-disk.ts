import { StatusError } from "../kit/errors.ts";
import type { Disk, Guest, PathState } from "./guest.ts";

/** True for a mount whose disk the machine has lost. It shows nothing any more, and nobody can tell whose it was. */
export function isLost(state: PathState): state is Extract<PathState, { kind: "mounted" }> {
  return state.kind === "mounted" && !state.isVolume && state.deviceIsGone;
}

/**
 * What is on a staging path once a mount was taken away whose disk is lost: a volume that was attached again under
 * another name could not be staged beside it, and nobody would unstage it.
 * @throws StatusError FAILED_PRECONDITION while pods' paths show the lost disk, too: a loop device without its file
 * still works, and would write beside the new one
 */
export async function clearOfLost(
  guest: Guest,
  disk: Disk,
  path: string,
  seen: PathState,
): Promise<PathState> {
  if (!isLost(seen)) return seen;
  // It was seen before the disk was found, which may have brought it back.
  const state = await guest.stateOf(path, disk.volumeId);
  if (!isLost(state)) return state;
  const others = await guest.shownElsewhere({ ...disk, device: state.device }, [path]);
  if (others.length > 0) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${path} has ${state.device} mounted, which is gone, and so has ${others.join(", ")}: delete the pods that use it`,
    );
  }
  await guest.unmount(path);
  return await guest.stateOf(path, disk.volumeId);
}
