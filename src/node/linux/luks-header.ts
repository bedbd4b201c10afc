import { StatusError } from "../../kit/errors.ts";
import { failed, type RunResult } from "../../kit/run.ts";
import { MiB } from "../../kit/sizes.ts";
import type { Disk } from "../guest.ts";
import { runLimitedAny, runWriter, runWriterAny } from "./tools.ts";

/** Bytes that the header takes of a disk, as cryptsetup lays it out. */
const HEADER = 16n * MiB;

const LABEL = "hyperv-csi";
/** In the header until a file system is finished: what is in such a disk was never mounted. */
const NEVER_USED = "hyperv-csi:no-file-system";
const USED = "hyperv-csi";

/** Bounds that a small VM can bear, and no measuring of how fast this one is. */
const KEY_DERIVATION = [
  ...["--pbkdf", "argon2id", "--pbkdf-memory", "65536", "--pbkdf-parallel", "1"],
  ...["--pbkdf-force-iterations", "4"],
];

/** cryptsetup(8): no permission, which is a bad passphrase. */
const BAD_PASSPHRASE = 2;

export interface LuksHeader {
  readonly uuid: string;
  readonly neverUsed: boolean;
}

/**
 * Writes a LUKS2 header over a disk that is proven blank. Its UUID is the volume's id; a copy keeps its original's.
 * @throws StatusError OUT_OF_RANGE for a disk that is too small
 */
export async function writeHeader(disk: Disk, passphrase: string): Promise<void> {
  if (disk.size < 2n * HEADER) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `volume ${disk.volumeId} has ${disk.size} bytes, too few to be encrypted: the header takes ${HEADER}`,
    );
  }
  const names = ["--uuid", disk.volumeId, "--label", LABEL, "--subsystem", NEVER_USED];
  const args = ["luksFormat", "--batch-mode", "--type", "luks2", ...KEY_DERIVATION, ...names];
  await withPassphrase([...args, "--key-file=-", disk.device], passphrase, disk.volumeId);
}

/** Writes down that a file system is finished. cryptsetup flushes the header before it ends. */
export async function markUsed(disk: Disk): Promise<void> {
  const args = ["config", "--batch-mode", "--label", LABEL, "--subsystem", USED, disk.device];
  await runWriter("cryptsetup", args);
}

/** @throws StatusError FAILED_PRECONDITION when there is no LUKS2 header */
export async function readHeader(disk: Disk): Promise<LuksHeader> {
  const args = ["--probe", "--output", "export", disk.device];
  const { stdout } = await runLimitedAny("blkid", args);
  const values = new Map(stdout.split("\n").map((line) => line.split("=", 2) as [string, string]));
  const uuid = values.get("UUID");
  if (values.get("TYPE") === "crypto_LUKS" && values.get("VERSION") === "2" && uuid !== undefined) {
    return { uuid, neverUsed: values.get("SUBSYSTEM") === NEVER_USED };
  }
  throw new StatusError("FAILED_PRECONDITION", `volume ${disk.volumeId} has no LUKS2 header`);
}

/**
 * Runs cryptsetup with a passphrase on its standard input. `volume` is how errors name the volume.
 * @throws StatusError UNAUTHENTICATED for a wrong passphrase
 */
export async function withPassphrase(
  args: readonly string[],
  passphrase: string,
  volume: string,
): Promise<void> {
  const result = await runWriterAny("cryptsetup", args, passphrase);
  if (result.exitCode !== 0) throw refusal(args, result, volume);
}

function refusal(args: readonly string[], result: RunResult, volume: string): StatusError {
  if (result.exitCode !== BAD_PASSPHRASE) return failed("cryptsetup", args, result);
  return new StatusError(
    "UNAUTHENTICATED",
    `nothing was changed: the passphrase in the secret does not unlock volume ${volume}`,
  );
}
