import type { Disk, DiskContent } from "../guest.ts";
import { endsAreZero } from "./blank-proof.ts";
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
