import type { LinuxFileSystem } from "../../csi/volume-capability.ts";
import { isClaimed } from "../../kit/claimed-device.ts";
import { StatusError } from "../../kit/errors.ts";
import type { RunResult } from "../../kit/run.ts";
import type { Disk } from "../guest.ts";
import { runLimitedAny, runWriterAny } from "./tools.ts";

/** e2fsck(8): bits of its exit code. Without any it found nothing, with the first it mended what it found. */
const REBOOT = 2;
const UNCORRECTED = 4;
const OPERATIONAL = 8;

/** xfs_repair(8) with -n: 1 = corruption was found. */
const CORRUPT = 1;

/**
 * Before a file system that lies on a disk already is mounted writable. An ext4 is checked, and mended as far as
 * that loses nothing; xfs and btrfs replay their logs when they are mounted. A disk in use is left alone: its file
 * system is mounted elsewhere, in this namespace or another.
 * @throws StatusError FAILED_PRECONDITION when it needs a person, UNAVAILABLE when it could not be checked
 */
export async function checkBeforeMount(disk: Disk, fsType: LinuxFileSystem): Promise<void> {
  if (fsType !== "ext4" || disk.readOnly || (await isClaimed(disk.device))) return;
  await mend(disk);
}

/** e2fsck in its safe mode: it mends what needs no decision, and stops at the rest. */
export async function mend(disk: Disk, options: readonly string[] = []): Promise<void> {
  const result = await runWriterAny("e2fsck", ["-p", ...options, disk.device]);
  const { exitCode } = result;
  if (exitCode < REBOOT) return;
  const found = `volume ${disk.volumeId}: e2fsck -p of its ext4 exited with ${exitCode}: ${said(result)}`;
  if (exitCode >= OPERATIONAL) throw new StatusError("UNAVAILABLE", `${found}; it was not mounted`);
  const next =
    exitCode >= UNCORRECTED
      ? `to repair it may lose data: take a snapshot of the volume, then run e2fsck ${disk.device} on this machine`
      : "restart this machine before it is mounted";
  throw new StatusError("FAILED_PRECONDITION", `${found}; it was not mounted: ${next}`);
}

/** Why an xfs could not be mounted: what xfs_repair, which changes nothing here, finds; else what mount said. */
export async function explainXfs(disk: Disk, refusal: unknown): Promise<unknown> {
  if (await isClaimed(disk.device)) return refusal;
  const result = await runLimitedAny("xfs_repair", ["-n", disk.device]).catch(() => undefined);
  if (result?.exitCode !== CORRUPT) return refusal;
  return new StatusError(
    "FAILED_PRECONDITION",
    `volume ${disk.volumeId} holds an xfs that can't be mounted, and xfs_repair -n finds damage: ${said(result)}; ` +
      `it was not changed: take a snapshot of the volume, then run xfs_repair ${disk.device} on this machine`,
    refusal,
  );
}

function said({ stdout, stderr }: RunResult): string {
  const lines = `${stdout}\n${stderr}`.trim().split(/\s*\n\s*/);
  return lines.join(" / ").slice(0, 600);
}
