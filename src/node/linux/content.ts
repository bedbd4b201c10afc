import { open } from "node:fs/promises";
import { StatusError } from "../../kit/errors.ts";
import { MiB } from "../../kit/sizes.ts";
import type { Disk, DiskContent } from "../guest.ts";
import type { Findings } from "./libblkid.ts";
import { probeDisk } from "./probe.ts";

/**
 * Looks at the disk itself, past every cache. Blank means: the probe ended cleanly without a finding, and the first
 * and the last MiB were read and are zero.
 */
export async function contentOf(disk: Disk, probe = probeDisk): Promise<DiskContent> {
  // Most disks that are looked at are new: their ends are read while the probe runs.
  const [findings, ends] = await Promise.allSettled([probe(disk.device), endsAreZero(disk)]);
  // Of a disk that can't be read, the reads tell why.
  if (findings.status === "rejected") throw ends.status === "rejected" ? ends.reason : findings.reason;
  if (findings.value === "ambivalent") return { kind: "unknown", what: "signatures of several formats" };
  if (findings.value !== "nothing") return contentFrom(findings.value);
  if (ends.status === "rejected") throw ends.reason;
  if (ends.value) return { kind: "blank" };
  return { kind: "unknown", what: "data that is no known file system" };
}

function contentFrom({ type, usage, partitionTable }: Exclude<Findings, string>): DiskContent {
  if (type !== undefined && usage === "filesystem") return { kind: "file system", fsType: type };
  if (type === "crypto_LUKS") return { kind: "encrypted" };
  const table = partitionTable === undefined ? undefined : `a partition table (${partitionTable})`;
  return { kind: "unknown", what: type ?? table ?? "a signature without a type" };
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
