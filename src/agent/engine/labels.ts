import { StatusError } from "../../kit/errors.ts";
import type { HostManifest } from "../hosts/host.ts";
import type { Attributes, Labels } from "./model.ts";

const MOST_LABELS = 64;
/** Longest key and value in UTF-16 units: what Kubernetes gives names and annotations fits. */
const LONGEST_KEY = 320;
const LONGEST_VALUE = 1024;

/** Attributes that every host has: the engine itself acts on them. */
const ownAttributes: Readonly<Record<string, (value: string) => boolean>> = {
  /** A volume that is protected is not deleted. */
  deleteProtection: (value) => value === "true" || value === "false",
};

/** What it lets pass fits a record. @throws StatusError INVALID_ARGUMENT */
export function checkLabels(labels: Readonly<Record<string, string | null>>): void {
  const entries = Object.entries(labels);
  if (entries.length > MOST_LABELS) throw invalid(`a volume has at most ${MOST_LABELS} labels`);
  for (const [key, value] of entries) {
    if (key === "" || key.length > LONGEST_KEY || !key.isWellFormed()) {
      throw invalid(
        `label ${JSON.stringify(key.slice(0, 64))} is not a key of 1 to ${LONGEST_KEY} characters`,
      );
    }
    if (value !== null && (value.length > LONGEST_VALUE || !value.isWellFormed())) {
      throw invalid(`the value of label ${JSON.stringify(key)} is longer than ${LONGEST_VALUE} characters`);
    }
  }
}

/** @throws StatusError INVALID_ARGUMENT for an attribute that volumes on this host don't have, or a value it can't take. */
export function checkAttributes(attributes: Attributes, { mutableAttributes }: HostManifest): void {
  const known = { ...ownAttributes, ...mutableAttributes };
  for (const [key, value] of Object.entries(attributes)) {
    const accepts = Object.hasOwn(known, key) ? known[key] : undefined;
    if (accepts === undefined) {
      throw invalid(
        `there is no attribute ${JSON.stringify(key.slice(0, 64))}; there are: ${Object.keys(known).join(", ")}; ` +
          "and beside them labels",
      );
    }
    if (!accepts(value)) throw invalid(`attribute ${key} can't be ${JSON.stringify(value.slice(0, 64))}`);
  }
}

/** Whether a volume may be deleted at all. */
export function isProtected({ deleteProtection }: Attributes): boolean {
  return deleteProtection === "true";
}

/** Labels after a change: a new value replaces the old, `null` removes. */
export function changedLabels(labels: Labels, change: Readonly<Record<string, string | null>>): Labels {
  const merged = Object.entries({ ...labels, ...change });
  return Object.fromEntries(
    merged.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])),
  );
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}
