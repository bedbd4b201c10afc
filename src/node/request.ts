import { requireHandle } from "../csi/handle.ts";
import { StatusError } from "../kit/errors.ts";
import type { PathRules } from "./path-rules.ts";

/** The volume id in a handle. @throws StatusError NOT_FOUND for what is not a handle */
export function readVolumeId(handle: string): string {
  return requireHandle(handle).id;
}

/** @throws StatusError INVALID_ARGUMENT for a path that is relative, has ".." in it or is the root */
export function readPath(rules: PathRules, field: string, path: string): string {
  const plain = rules.canonical(path);
  if (plain === undefined) {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `${field} is not an absolute path of a directory: ${JSON.stringify(path.slice(0, 256))}`,
    );
  }
  return plain;
}

/** Options that would make mount(8) do something else than mount this disk on this path, or bring in another disk. */
const FORBIDDEN_OPTIONS =
  /^(bind|rbind|move|remount|loop|offset|sizelimit|helper|uhelper|device|logdev|rtdev|journal_|x-|X-|(r?(shared|slave|private|unbindable))$)/;

/** An SELinux label in quotes, as kubelet gives it: its categories have commas. See mount(8), context=. */
const SELINUX_CONTEXT = /^context="[\w.-]+:[\w.-]+:[\w.-]+(:[\w.:,-]+)?"$/;

/** Mount flags as a list of single options. @throws StatusError INVALID_ARGUMENT */
export function readMountFlags(flags: readonly string[]): string[] {
  // A comma between quotes parts nothing.
  const options = flags.flatMap((flag) => flag.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));
  for (const option of options) {
    if (SELINUX_CONTEXT.test(option)) continue;
    if (/^[\w.:=/@%+~^*-]+$/.test(option) && !option.startsWith("-") && !FORBIDDEN_OPTIONS.test(option))
      continue;
    throw new StatusError(
      "INVALID_ARGUMENT",
      `mount flag ${JSON.stringify(option.slice(0, 64))} is not allowed`,
    );
  }
  return options;
}
