import { readlink } from "node:fs/promises";
import type { PathRules } from "../path-rules.ts";
import { isDiskOf, isVolumePath } from "./disks.ts";
import { placeOf } from "./places.ts";
import type { PodLinks } from "./pod-links.ts";
import type { Survey } from "./protocol.ts";

/**
 * Paths other than the given ones that show a volume: directories and drives that Windows shows its partitions in, and links
 * of pods. Links that others made elsewhere are not seen.
 */
export async function shownElsewhere(
  survey: Survey,
  rules: PathRules,
  volumeId: string,
  known: readonly string[],
  pods: PodLinks,
): Promise<string[]> {
  const numbers = survey.disks.filter((disk) => isDiskOf(disk, volumeId)).map(({ number }) => number);
  const shown = survey.partitions
    .filter(({ diskNumber }) => numbers.includes(diskNumber))
    .flatMap(({ accessPaths }) => accessPaths.filter((path) => !isVolumePath(path)));
  const links = [];
  for (const path of await pods.paths()) {
    const target = await readlink(path).catch(() => undefined);
    const place = target === undefined ? undefined : placeOf(survey, rules, target);
    if (place !== undefined && isDiskOf(place.disk, volumeId)) links.push(path);
  }
  const isKnown = (path: string) => known.some((each) => rules.areSame(rules.canonical(path) ?? path, each));
  return [...shown, ...links].filter((path) => !isKnown(path));
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
