import { StatusError } from "../kit/errors.ts";
import type { Guest } from "./guest.ts";

/**
 * Unmounts a volume from a path, where nothing mounted is success. A disk that vanished from under its mount proves
 * nothing any more, and must still be let go.
 * @throws StatusError FAILED_PRECONDITION for a mount that is not this volume's
 */
export async function unmountVolume(guest: Guest, volumeId: string, path: string): Promise<void> {
  const state = await guest.stateOf(path, volumeId);
  if (state.kind !== "mounted") return;
  if (!state.isVolume && !state.deviceIsGone) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${path} has ${state.device} mounted, which is not volume ${volumeId}: it was left alone`,
    );
  }
  await guest.unmount(path);
}
