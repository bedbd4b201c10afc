import { StatusError } from "../kit/errors.ts";
import type { UnlockedDisk } from "./encryption.ts";
import type { Disk, Guest } from "./guest.ts";

/** Unlocks an encrypted volume's disk, and encrypts it first when it is proven blank. */
export async function unlockDisk(guest: Guest, disk: Disk, passphrase: string): Promise<UnlockedDisk> {
  const { encryption } = guest;
  encryption.requireMapper();
  const content = await guest.contentOf(disk);
  if (content.kind === "blank") {
    if (disk.readOnly) {
      throw new StatusError(
        "FAILED_PRECONDITION",
        `volume ${disk.volumeId} is blank and attached read-only: publish it writable once, so that it can be encrypted`,
      );
    }
    await encryption.initialise(disk, passphrase);
  } else if (content.kind !== "encrypted") {
    const what = content.kind === "unknown" ? content.what : content.fsType;
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${disk.volumeId} is to be encrypted, and holds ${what} that is not: it was not touched`,
    );
  }
  return await encryption.unlock(disk, passphrase);
}
