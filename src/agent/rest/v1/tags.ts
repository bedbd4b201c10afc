import type { Labels } from "../../engine/model.ts";
import { MOST_TAGS } from "./fields.ts";
import { VolumesApiError } from "./refusals.ts";

/** A tag is a label of its own without a value, so that the labels of others are never touched. */
const PREFIX = "tag:";

type LabelChange = Readonly<Record<string, string | null>>;

export function tagsOf(labels: Labels): string[] {
  return Object.keys(labels)
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => key.slice(PREFIX.length));
}

/** The labels of a new volume. */
export function tagLabels(tags: readonly string[]): Labels {
  return Object.fromEntries(tags.map((tag) => [PREFIX + tag, ""]));
}

/** The change of labels that makes these the tags. */
export function setTags(labels: Labels, tags: readonly string[]): LabelChange {
  return { ...removeTags(tagsOf(labels)), ...tagLabels(tags) };
}

/** @throws VolumesApiError TOO_MANY */
export function addTags(labels: Labels, tags: readonly string[]): LabelChange {
  const count = new Set([...tagsOf(labels), ...tags]).size;
  if (count <= MOST_TAGS) return tagLabels(tags);
  throw new VolumesApiError("TOO_MANY", `a volume has at most ${MOST_TAGS} tags; these would be ${count}`);
}

export function removeTags(tags: readonly string[]): LabelChange {
  return Object.fromEntries(tags.map((tag) => [PREFIX + tag, null]));
}
