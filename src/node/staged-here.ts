import type { FileSystem } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";
import type { Disk, Guest, PathState } from "./guest.ts";
import { hasLabel } from "./selinux-label.ts";

/** How a volume is to be mounted. */
interface Wanted {
  readonly fsType: FileSystem | undefined;
  readonly readOnly: boolean;
  readonly seLinuxLabel: string | undefined;
}

/** True when this volume is mounted here already. @throws StatusError for anything else here */
export function isStaged(disk: Disk, path: string, state: PathState, wanted: Wanted): boolean {
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
        (state.readOnly ?? wanted.readOnly) === wanted.readOnly &&
        state.fsType === (wanted.fsType ?? state.fsType) &&
        hasLabel(state.seLinuxLabel, wanted.seLinuxLabel)
      )
        return true;
      throw new StatusError(
        "ALREADY_EXISTS",
        `volume ${disk.volumeId} is staged on ${path} in another way: ${state.readOnly === true ? "read-only" : "writable"}, with ${state.fsType}${labelText(state.seLinuxLabel)}`,
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

/**
 * Reads back that a volume was mounted with the label that was asked for: mount(8) leaves it out without a word where it
 * finds no SELinux. @throws StatusError FAILED_PRECONDITION when it was not, and is unmounted
 */
export async function requireLabel(
  guest: Guest,
  { volumeId }: Disk,
  path: string,
  wanted: string | undefined,
): Promise<void> {
  if (wanted === undefined) return;
  const state = await guest.stateOf(path, volumeId);
  if (state.kind !== "mounted" || hasLabel(state.seLinuxLabel, wanted)) return;
  await guest.unmount(path);
  throw new StatusError(
    "FAILED_PRECONDITION",
    `volume ${volumeId} was mounted${labelText(state.seLinuxLabel)} and not with ${wanted}: it was unmounted. ` +
      "In a container, /sys/fs/selinux and /etc/selinux must be the host's",
  );
}

function labelText(label: string | undefined): string {
  if (label === undefined) return "";
  return label === "" ? ", without an SELinux label of its own" : `, with the SELinux label ${label}`;
}
