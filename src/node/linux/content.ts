import { open } from "node:fs/promises";
import { StatusError } from "../../kit/errors.ts";
import { failed } from "../../kit/run.ts";
import { MiB } from "../../kit/sizes.ts";
import type { Disk, DiskContent } from "../guest.ts";
import { runLimitedAny } from "./tools.ts";

const FOUND = 0;
/** "Nothing was found", and also "it could not be looked at": no proof of a blank disk. */
const NOTHING_FOUND = 2;
const AMBIVALENT = 8;

/**
 * Looks at the disk itself, past every cache. Blank means: the probe ended cleanly without a finding, and the first
 * and the last MiB were read and are zero.
 */
export async function contentOf(disk: Disk): Promise<DiskContent> {
  const args = ["--probe", "--output", "export", disk.device];
  // Most disks that are looked at are new: their ends are read while the probe runs.
  const [probe, ends] = await Promise.allSettled([runLimitedAny("blkid", args), endsAreZero(disk)]);
  if (probe.status === "rejected") throw probe.reason;
  const result = probe.value;
  if (result.exitCode === FOUND) return contentFrom(result.stdout);
  if (result.exitCode === AMBIVALENT) return { kind: "unknown", what: "signatures of several formats" };
  if (result.exitCode !== NOTHING_FOUND) throw failed("blkid", args, result);
  if (ends.status === "rejected") throw ends.reason;
  if (ends.value) return { kind: "blank" };
  return { kind: "unknown", what: "data that is no known file system" };
}

/** blkid's export format: one KEY=value per line. */
function contentFrom(output: string): DiskContent {
  const values = new Map(
    output.split("\n").map((line) => {
      const equals = line.indexOf("=");
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
  const type = values.get("TYPE");
  if (type !== undefined && values.get("USAGE") === "filesystem")
    return { kind: "file system", fsType: type };
  if (type === "crypto_LUKS") return { kind: "encrypted" };
  const table = values.get("PTTYPE");
  const what = type ?? (table === undefined ? "a signature without a type" : `a partition table (${table})`);
  return { kind: "unknown", what };
}

const zeros = Buffer.alloc(Number(MiB));

/** True when the first and the last MiB of a disk, or all of a small one, are zero. A read that fails is an error. */
export async function endsAreZero(disk: Disk): Promise<boolean> {
  const length = disk.size < MiB ? disk.size : MiB;
  const device = await open(disk.device, "r");
  try {
    for (const offset of [0n, disk.size - length]) {
      const bytes = Buffer.allocUnsafe(Number(length));
      const { bytesRead } = await device.read(bytes, 0, bytes.length, Number(offset));
      if (bytesRead !== bytes.length) {
        throw new StatusError("UNAVAILABLE", `${disk.device} ended ${bytes.length - bytesRead} bytes early`);
      }
      if (!bytes.equals(zeros.subarray(0, bytes.length))) return false;
    }
    return true;
  } finally {
    await device.close();
  }
}
