import type { VolumeContext } from "../csi/volume-context.ts";
import { StatusError } from "../kit/errors.ts";
import type { Disk } from "./guest.ts";

/** Key of the passphrase in a request's secrets. */
export const PASSPHRASE = "encryptionPassphrase";

/** What an encrypted disk shows once it is unlocked. */
export interface UnlockedDisk extends Disk {
  /** Its own header says that no file system was finished in it: nothing in it was ever mounted. */
  readonly neverUsed: boolean;
}

/** LUKS on the disks of this machine. A passphrase reaches a program by its standard input and nothing else. */
export interface Encryption {
  /** @throws StatusError FAILED_PRECONDITION when this kernel can't unlock any disk */
  requireMapper(): void;
  /** Writes a header over a disk that is proven blank. The header says that there is no file system in it yet. */
  initialise(disk: Disk, passphrase: string): Promise<void>;
  /**
   * Unlocks a disk anew. What an earlier attachment left unlocked is locked first, unless it is mounted.
   * @throws StatusError UNAUTHENTICATED for a wrong passphrase
   */
  unlock(disk: Disk, passphrase: string): Promise<UnlockedDisk>;
  /** The volume's disk as it was unlocked. @throws StatusError FAILED_PRECONDITION when it is locked */
  unlocked(disk: Disk): Disk;
  /** Writes down that the disk holds a finished file system. */
  markUsed(disk: Disk): Promise<void>;
  /** Lets an unlocked disk follow its disk's size. A volume that is not unlocked here is left alone. */
  grow(volumeId: string, passphrase: string | undefined): Promise<void>;
  /** Locks a volume's disk. One that is not unlocked, or still mounted elsewhere, is left as it is. */
  lock(volumeId: string): Promise<void>;
}

/**
 * The passphrase of a volume that is to be encrypted; undefined for one that is not.
 * @throws StatusError INVALID_ARGUMENT when it is missing
 */
export function readPassphrase(
  { encryption }: Pick<VolumeContext, "encryption">,
  secrets: Readonly<Record<string, string>>,
): string | undefined {
  if (encryption === undefined) return undefined;
  const passphrase = secrets[PASSPHRASE] ?? "";
  if (passphrase !== "") return passphrase;
  throw new StatusError("INVALID_ARGUMENT", `the volume is encrypted: the secret needs ${PASSPHRASE}`);
}
