import { mkdir, rmdir, symlink, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { StatusError } from "../../kit/errors.ts";
import { ifThere } from "../../kit/if-there.ts";
import type { PathRules } from "../path-rules.ts";
import { dataPartitions, diskRef, partitionRef, requireDisk, volumePathOf } from "./disks.ts";
import { bringOnline } from "./online.ts";
import { lookAt, placeOf } from "./places.ts";
import type { Survey, WindowsDisk, WindowsPartition } from "./protocol.ts";
import type { PodLinks } from "./pod-links.ts";
import { linksTo } from "./shown-elsewhere.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/**
 * Shows a volume's partition in a directory, which is made when it is absent, and reads back that it is there. One that is
 * to be read-only gets that mark while it is offline, so that its file system is mounted so.
 */
export async function showDisk(
  workers: WindowsWorkers,
  rules: PathRules,
  volumeId: string,
  path: string,
  readOnly: boolean,
): Promise<void> {
  await mkdir(path, { recursive: true });
  let survey = await workers.ask("survey", {});
  const found = requireDisk(survey, volumeId);
  if (readOnly && !found.isReadOnly) {
    await makeReadOnly(workers, survey, volumeId);
    survey = await workers.ask("survey", {});
  }
  const { disk, partition } = partitionIn(survey, volumeId);
  await workers.change("addAccessPath", { partition: partitionRef(disk, partition), path });
  const place = placeOf(await workers.ask("survey", {}), rules, path);
  if (place?.disk.uniqueId === disk.uniqueId) return;
  throw new StatusError("INTERNAL", `volume ${volumeId} was shown in ${path} and is not there`);
}

async function makeReadOnly(workers: WindowsWorkers, before: Survey, volumeId: string): Promise<void> {
  const disk = diskRef(requireDisk(before, volumeId));
  await workers.change("setOffline", { disk });
  await workers.change("setReadOnly", { disk, readOnly: true });
  await bringOnline(workers, before, volumeId);
}

/** @throws StatusError FAILED_PRECONDITION for a disk with several partitions or none */
export async function onlyPartition(
  workers: WindowsWorkers,
  volumeId: string,
): Promise<{ readonly disk: WindowsDisk; readonly partition: WindowsPartition }> {
  return partitionIn(await workers.ask("survey", {}), volumeId);
}

function partitionIn(
  survey: Survey,
  volumeId: string,
): { readonly disk: WindowsDisk; readonly partition: WindowsPartition } {
  const disk = requireDisk(survey, volumeId);
  const [partition, ...others] = dataPartitions(survey, disk);
  if (partition !== undefined && others.length === 0) return { disk, partition };
  throw new StatusError(
    "FAILED_PRECONDITION",
    `the disk of volume ${volumeId} has ${partition === undefined ? 0 : others.length + 1} partitions instead of one`,
  );
}

/** Shows a staged directory at a pod's path, by a link: Windows has no bind mounts. */
export async function linkDirectory(source: string, target: string, pods: PodLinks): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  // A link takes the place of nothing; kubelet may have made the directory.
  await ifThere(rmdir(target));
  pods.add(target);
  await symlink(source, target, "dir");
}

/**
 * Takes away what a path shows; a directory stays, and a link goes.
 * @throws StatusError FAILED_PRECONDITION for a directory to which links of pods lead: they would lead nowhere
 */
export async function unshow(
  workers: WindowsWorkers,
  rules: PathRules,
  path: string,
  pods: PodLinks,
): Promise<void> {
  const at = await lookAt(workers, rules, path);
  if (at.kind === "dead link" || (at.kind === "volume" && at.place.isLink)) {
    await unlink(path);
    pods.forget(path);
  } else if (at.kind === "dead mount point") {
    await workers.change("removeMountPoint", { path, target: at.target });
  } else if (at.kind === "volume") {
    const { disk, partition, accessPath } = at.place;
    const links = await linksTo(rules, path, pods);
    if (links.length > 0) {
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${path} is still in use: ${links.join(", ")} leads there`,
      );
    }
    const volume = volumePathOf(partition);
    if (volume !== undefined && !disk.isReadOnly) await workers.change("flush", { path: volume });
    await workers.change("removeAccessPath", { partition: partitionRef(disk, partition), path: accessPath });
  }
}
