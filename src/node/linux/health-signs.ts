import { basename, join } from "node:path";
import { waitFor } from "../../kit/deadline.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Mount } from "../../kit/mount-table.ts";
import type { HealthSign } from "../guest.ts";
import { attribute, deviceOf, diskUnder, entries, isGone } from "./block-devices.ts";
import { diskSigns } from "./disk-signs.ts";
import type { FailedCommands } from "./failed-commands.ts";
import { mountAt } from "./mounts.ts";
import { mountInfo, type Roots, type ThisVm } from "./this-vm.ts";
import { runLimitedAny } from "./tools.ts";
import type { UsageReader } from "./usage.ts";
import { isDiskOf } from "./volume-of.ts";

/** How long a file system may take to answer, in milliseconds. */
const LONGEST_ANSWER_MS = 3000;

/** What is wrong with a volume at a path. Nothing is locked, and a file system that hangs is waited for only briefly. */
export async function signsAt(
  path: string,
  volumeId: string,
  vm: ThisVm,
  usage: UsageReader,
  failed: FailedCommands,
): Promise<HealthSign[]> {
  const { roots } = vm;
  const mount = await mountAt(path, mountInfo(roots));
  if (mount === undefined) return [{ kind: "not-mounted", message: `nothing is mounted on ${path}` }];
  const device = await deviceOf(mount, roots);
  const disk = device === undefined ? undefined : diskUnder(device.name, roots);
  if (device === undefined || disk === undefined)
    return [{ kind: "other-disk", message: `${path} shows ${mount.source}, which is no disk of one volume` }];
  // Of a disk that is gone nothing else can be asked, its identity included.
  if (isGone(disk, roots)) return [{ kind: "disk-gone", message: `the disk ${disk} under ${path} is gone` }];
  if (!(await isDiskOf(volumeId, disk, vm)))
    return [{ kind: "other-disk", message: `${path} shows ${disk}, which is not volume ${volumeId}` }];
  const ofDisk = diskSigns(disk, volumeId, roots, failed, LONGEST_ANSWER_MS);
  if (device.access === "block") return await ofDisk;
  const fails = await failsToAnswer(path, usage);
  return [...(await ofDisk), ...forcedReadOnly(mount), ...countedErrors(mount, device.name, roots), ...fails];
}

/** A file system that nobody asked to be read-only, and that is: an error made it so. */
function forcedReadOnly({ options, superOptions, mountPoint, fsType }: Mount): HealthSign[] {
  const emergency = superOptions.some((option) => option === "emergency_ro" || option === "shutdown");
  if (!emergency && (options.includes("ro") || !superOptions.includes("ro"))) return [];
  return [
    {
      kind: "read-only",
      message: `the ${fsType} on ${mountPoint} takes no more writes, because of an error: check it, then stage it again`,
    },
  ];
}

/** Errors that a file system has counted: ext4 in its superblock, btrfs for each of its devices. */
function countedErrors({ fsType, mountPoint }: Mount, device: string, { sys }: Roots): HealthSign[] {
  const errors =
    fsType === "ext4" ? ext4Errors(device, sys) : fsType === "btrfs" ? btrfsErrors(device, sys) : [];
  if (errors.length === 0) return [];
  return [
    { kind: "errors", message: `the ${fsType} on ${mountPoint} has counted errors: ${errors.join(", ")}` },
  ];
}

function ext4Errors(device: string, sys: string): string[] {
  const say = (name: string) => attribute(join(sys, "fs", "ext4", device, name)) ?? "0";
  const count = say("errors_count");
  if (!/^[1-9]\d*$/.test(count)) return [];
  return [`${count} since ${timeOf(say("first_error_time"))}, the last at ${timeOf(say("last_error_time"))}`];
}

/** Seconds since 1970, as the kernel writes them. */
function timeOf(seconds: string): string {
  return /^\d{1,11}$/.test(seconds) ? new Date(Number(seconds) * 1000).toISOString() : "an unknown time";
}

/** Lines such as `read_errs 2`. */
function btrfsErrors(device: string, sys: string): string[] {
  const root = join(sys, "fs", "btrfs");
  const own = entries(root).filter((id) =>
    entries(join(root, id, "devices")).some((each) => basename(each) === device),
  );
  return own.flatMap((id) =>
    entries(join(root, id, "devinfo")).flatMap((number) => {
      const lines = attribute(join(root, id, "devinfo", number, "error_stats"))?.split("\n") ?? [];
      return lines.filter((line) => /^\w+ [1-9]\d*$/.test(line));
    }),
  );
}

/** A file system that can't even say how full it is, or does not answer at all. */
async function failsToAnswer(path: string, usage: UsageReader): Promise<HealthSign[]> {
  try {
    await usage.usageOf(path, LONGEST_ANSWER_MS);
    // An xfs that was shut down still says how full it is; of its root directory it says nothing any more.
    const asked = runLimitedAny("stat", ["--format=%i", "--", path]);
    const look = await waitFor(asked, `a look at ${path}`, AbortSignal.timeout(LONGEST_ANSWER_MS));
    if (look.exitCode === 0) return [];
    return [{ kind: "fails", message: `the file system on ${path} can't be read: ${look.stderr.trim()}` }];
  } catch (error) {
    const { code, message } = StatusError.from(error);
    return [{ kind: code === "UNAVAILABLE" || code === "ABORTED" ? "hangs" : "fails", message }];
  }
}
