import type { FormatOptions } from "../csi/format-options.ts";
import type { FileSystem } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";
import type { UnlockedDisk } from "./encryption.ts";
import type { Disk, Guest } from "./guest.ts";

/** The file system on the disk, ready to be mounted: checked when it was there, made when the disk is proven blank. */
export async function ensureFileSystem(
  guest: Guest,
  disk: Disk,
  wanted: FileSystem | undefined,
  format: FormatOptions,
  readOnly: boolean,
): Promise<FileSystem> {
  const content = await guest.contentOf(disk);
  switch (content.kind) {
    case "file system": {
      const fsType = expected(guest, disk, content.fsType, wanted);
      if (!readOnly) await guest.checkBeforeMount(disk, fsType);
      return fsType;
    }
    case "encrypted":
      throw new StatusError(
        "FAILED_PRECONDITION",
        `volume ${disk.volumeId} holds crypto_LUKS, and is not to be encrypted: it was neither mounted nor formatted`,
      );
    case "unknown":
      throw new StatusError(
        "FAILED_PRECONDITION",
        `volume ${disk.volumeId} holds ${content.what}: it was neither mounted nor formatted`,
      );
    case "blank": {
      if (disk.readOnly) {
        throw new StatusError(
          "FAILED_PRECONDITION",
          `volume ${disk.volumeId} is blank and attached read-only: publish it writable once, so that it can be formatted`,
        );
      }
      const fsType = wanted ?? guest.fileSystems[0];
      await guest.format(disk, fsType, format);
      return fsType;
    }
  }
}

/** @throws StatusError FAILED_PRECONDITION for another file system than the one that was asked for */
function expected(
  { fileSystems }: Guest,
  disk: Disk,
  found: string,
  wanted: FileSystem | undefined,
): FileSystem {
  const known = fileSystems.find((each) => each === found);
  if (known !== undefined && known === (wanted ?? known)) return known;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `volume ${disk.volumeId} holds ${found}, not ${wanted ?? fileSystems.join(", ")}: it was not touched`,
  );
}

/** As {@link ensureFileSystem}, inside a disk that was unlocked: made when its header says that none was finished. */
export async function ensureInside(
  guest: Guest,
  disk: Disk,
  plain: UnlockedDisk,
  wanted: FileSystem | undefined,
  format: FormatOptions,
  readOnly: boolean,
): Promise<FileSystem> {
  if (!plain.neverUsed) return await ensureFileSystem(guest, plain, wanted, format, readOnly);
  if (disk.readOnly) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `volume ${disk.volumeId} has no file system yet and is attached read-only: publish it writable once`,
    );
  }
  const fsType = wanted ?? guest.fileSystems[0];
  await guest.formatUnlocked(plain, fsType, format);
  await guest.encryption.markUsed(disk);
  return fsType;
}
