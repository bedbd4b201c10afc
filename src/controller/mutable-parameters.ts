import { readLabels } from "./labels.ts";

/** What of a volume a VolumeAttributesClass can change. */
export interface MutableParameters {
  readonly labels: Readonly<Record<string, string>>;
  /** The agent knows which there are, and refuses others by name. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** `labels` has the text that it has in a StorageClass; the others are attributes. @throws StatusError INVALID_ARGUMENT */
export function readMutable({
  labels = "",
  ...attributes
}: Readonly<Record<string, string>>): MutableParameters {
  return { labels: readLabels(labels), attributes };
}
