import type { FileSystem } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";
import type { Disk, Guest } from "./guest.ts";

/** True when this volume is mounted here already. @throws StatusError for anything else here */
export async function isStaged(
  guest: Guest,
  disk: Disk,
  path: string,
  wanted: FileSystem | undefined,
  readOnly: boolean,
): Promise<boolean> {
  const state = await guest.stateOf(path, disk.volumeId);
  switch (state.kind) {
    case "absent":
    case "empty directory":
      return false;
    case "mounted":
      if (!state.isVolume) {
        throw new StatusError(
          "FAILED_PRECONDITION",
          `${path} has ${state.device} mounted, which is another volume`,
        );
      }
      if (
        state.access === "mount" &&
        state.readOnly === readOnly &&
        state.fsType === (wanted ?? state.fsType)
      )
        return true;
      throw new StatusError(
        "ALREADY_EXISTS",
        `volume ${disk.volumeId} is staged on ${path} in another way: ${state.readOnly ? "read-only" : "writable"}, with ${state.fsType}`,
      );
    case "empty file":
      throw new StatusError("FAILED_PRECONDITION", `${path} is a file, not a directory`);
    case "occupied":
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${path} ${state.what}; a mount would hide it: move it away`,
      );
  }
}
