import { join } from "node:path";
import { waitFor } from "../../kit/deadline.ts";
import { readLoopDevice } from "../../kit/loop-devices.ts";
import type { HealthSign } from "../guest.ts";
import { attribute } from "./block-devices.ts";
import type { FailedCommands } from "./failed-commands.ts";
import { sysBlock, type Roots } from "./this-vm.ts";
import { runLimitedAny } from "./tools.ts";

/** What is wrong with a volume's disk itself, whatever lies on it. The disk is not asked: it may hang. */
export async function diskSigns(
  disk: string,
  volumeId: string,
  roots: Roots,
  failed: FailedCommands,
  longestMs: number,
): Promise<HealthSign[]> {
  return [
    ...stateOf(disk, roots),
    ...failedCommands(disk, volumeId, failed),
    ...(await cutOff(disk, roots, longestMs)),
  ];
}

/** A SCSI disk that the kernel has given up. */
function stateOf(disk: string, roots: Roots): HealthSign[] {
  const state = attribute(join(sysBlock(roots), disk, "device", "state"));
  if (state === undefined || state === "running") return [];
  return [{ kind: "disk-offline", message: `the kernel says that disk ${disk} is ${state}` }];
}

function failedCommands(disk: string, volumeId: string, failed: FailedCommands): HealthSign[] {
  const count = failed.of(disk, volumeId);
  if (count === 0n) return [];
  return [
    {
      kind: "disk-errors",
      message: `commands of disk ${disk} that failed since the node plugin first saw it: ${count}; the kernel's log names them`,
    },
  ];
}

/** A loop device whose file is shorter than it: what lies behind the file's end can't be read. */
async function cutOff(disk: string, roots: Roots, longestMs: number): Promise<HealthSign[]> {
  const loop = disk.startsWith("loop") ? readLoopDevice(disk, sysBlock(roots)) : undefined;
  if (loop === undefined) return [];
  const { backingFile } = loop;
  const asked = runLimitedAny("stat", ["--format=%s", "--", backingFile]);
  const look = await waitFor(asked, `a look at ${backingFile}`, AbortSignal.timeout(longestMs)).catch(
    () => undefined,
  );
  // A file that is not seen from here, or not in time, says nothing.
  if (look?.exitCode !== 0 || !/^\d+$/.test(look.stdout)) return [];
  const missing = loop.offset + loop.size - BigInt(look.stdout);
  if (missing <= 0n) return [];
  return [
    {
      kind: "disk-cut-off",
      message: `${backingFile}, the file of disk ${disk}, lacks its last ${missing} bytes`,
    },
  ];
}
