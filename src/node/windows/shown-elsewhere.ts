import { readlink } from "node:fs/promises";
import type { PathRules } from "../path-rules.ts";
import { isDiskOf, isDriveLetter, isVolumePath } from "./disks.ts";
import { placeOf } from "./places.ts";
import type { PodLinks } from "./pod-links.ts";
import type { Survey, WindowsPartition } from "./protocol.ts";

/**
 * Paths other than the given ones that show a volume, for people: directories and drives that Windows shows its partitions
 * in, and links of pods. Links that others made elsewhere are not seen.
 */
export async function shownElsewhere(
  survey: Survey,
  rules: PathRules,
  volumeId: string,
  known: readonly string[],
  pods: PodLinks,
): Promise<string[]> {
  const isKnown = (path: string) => known.some((each) => rules.areSame(rules.canonical(path) ?? path, each));
  const numbers = survey.disks.filter((disk) => isDiskOf(disk, volumeId)).map(({ number }) => number);
  const shown = survey.partitions
    .filter(({ diskNumber }) => numbers.includes(diskNumber))
    .flatMap((partition) =>
      partition.accessPaths
        .filter((path) => !isVolumePath(path) && !isKnown(path))
        .map((path) => (isDriveLetter(path) ? letterName(partition, path) : path)),
    );
  const links = [];
  for (const path of await pods.paths()) {
    const target = await readlink(path).catch(() => undefined);
    const place = target === undefined ? undefined : placeOf(survey, rules, target);
    if (place !== undefined && isDiskOf(place.disk, volumeId)) links.push(path);
  }
  return [...shown, ...links.filter((path) => !isKnown(path))];
}

/** A letter is a use like any other, and nothing of ours gives or ends it. */
function letterName({ diskNumber, partitionNumber }: WindowsPartition, path: string): string {
  const command = `Remove-PartitionAccessPath -DiskNumber ${diskNumber} -PartitionNumber ${partitionNumber} -AccessPath '${path}'`;
  return `${path} (a drive letter, which this driver gives none: when nobody needs it, run ${command} on the node)`;
}

/** Links of kubelet's pods that lead to a directory, whatever it shows. */
export async function linksTo(rules: PathRules, path: string, pods: PodLinks): Promise<string[]> {
  const links = [];
  for (const link of await pods.paths()) {
    const target = await readlink(link).catch(() => "");
    if (rules.areSame(rules.canonical(target) ?? "", path)) links.push(link);
  }
  return links;
}
