import type { StorageHealthErrorType } from "../csi/generated/csi/v1/StorageHealthErrorType.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import type { StorageSign } from "./guest.ts";
import type { NodeFacts } from "./node-facts.ts";
import type { NodeParts } from "./parts.ts";

/** What a sign means to who wants to use volumes on this node; docs/reference/health.md tells causes and cures. */
export const storageMeanings: Readonly<
  Record<StorageSign["kind"] | "node-unknown", readonly [StorageHealthErrorType, reason: string]>
> = {
  "no-controller": ["STORAGE_UNREACHABLE", "NoScsiController"],
  "no-scsi-host": ["STORAGE_UNREACHABLE", "ScsiDriverMissing"],
  "no-loop-devices": ["STORAGE_UNREACHABLE", "NoLoopDevices"],
  "no-mount-programs": ["STORAGE_UNREACHABLE", "MountProgramsMissing"],
  "no-storage-service": ["STORAGE_UNREACHABLE", "StorageServiceSilent"],
  "mounts-not-shared": ["STORAGE_UNREACHABLE", "MountsNotShared"],
  "controller-without-host": ["STORAGE_DEGRADED", "ScsiControllerWithoutHost"],
  "scsi-host-not-running": ["STORAGE_DEGRADED", "ScsiHostNotRunning"],
  "no-file-system-programs": ["STORAGE_DEGRADED", "FileSystemProgramsMissing"],
  // What is staged goes on; the node can't register, and nothing new comes to it.
  "node-unknown": ["STORAGE_DEGRADED", "NodeInfoUnknown"],
};

/** What is wrong with this node's way to all volumes; nothing when it is sound. Takes no lock. */
export function storageHealth({ guest, facts }: NodeParts): NodeRpcs["NodeGetStorageHealth"] {
  return async () => {
    const signs = [...(await guest.storageSigns()), ...(await unknownFacts(facts))];
    // One entry for each reason, with all that was seen.
    const byReason = new Map<string, { status: StorageHealthErrorType; reason: string; message: string }>();
    for (const { kind, message } of signs) {
      const [status, reason] = storageMeanings[kind];
      const before = byReason.get(reason);
      byReason.set(reason, {
        status,
        reason,
        message: before === undefined ? message : `${before.message}; ${message}`,
      });
    }
    return { backend_health: [...byReason.values()] };
  };
}

/** Why NodeGetInfo would fail for want of what Hyper-V tells. */
async function unknownFacts(facts: NodeFacts) {
  const asked = await Promise.allSettled([facts.nodeId(), facts.group()]);
  return asked.flatMap((each) =>
    each.status === "fulfilled"
      ? []
      : { kind: "node-unknown" as const, message: StatusError.from(each.reason).message },
  );
}
