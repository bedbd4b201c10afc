import { StatusError } from "../../kit/errors.ts";
import { isDeviceName } from "../../kit/windows-paths.ts";

/** Longest name of a volume or snapshot in UTF-8 bytes; leaves room for `;<id>.vhdx` in the 255 bytes of a file name. */
export const MAX_NAME_BYTES = 128;

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DISK_FILE = /^(.+);([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(vhdx|json)$/is;

/** Control characters, what Windows or our own layout gives a meaning, and what decoding puts for broken UTF-8. */
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f<>:"/\\|?*;\ufffd]/;

/** True for a GUID in lower case, the only form in which ids are stored. */
export function isGuid(text: string): boolean {
  return GUID.test(text);
}

/** A free name for the file of a disk: the one asked for, or with the beginning of the disk's id behind it. */
export function freeFileName(wanted: string, id: string, isTaken: (name: string) => boolean): string {
  return isTaken(wanted) ? `${wanted}-${id.slice(0, 8)}` : wanted;
}

/**
 * Checks a name that is about to become part of a file name.
 * @param subject what has the name: `volume` or `snapshot`.
 * @throws StatusError INVALID_ARGUMENT saying which rule it breaks.
 */
export function checkDiskName(subject: string, name: string): void {
  const problem = problemOfName(name);
  if (problem !== undefined) throw new StatusError("INVALID_ARGUMENT", `${subject} name ${problem}`);
}

function problemOfName(name: string): string | undefined {
  if (name === "") return "is missing";
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`;
  if (!name.isWellFormed()) return "is not valid Unicode";
  if (FORBIDDEN.test(name))
    return `${JSON.stringify(name)} has a character that file names can't hold: < > : " / \\ | ? * ; or a control character`;
  if (/^[. ]|[. ]$/.test(name)) return `${JSON.stringify(name)} begins or ends with a dot or a space`;
  if (isDeviceName(name)) return `${JSON.stringify(name)} is a device name on Windows`;
  return undefined;
}

export interface DiskFileName {
  readonly name: string;
  readonly id: string;
  readonly kind: "disk" | "record";
}

/** Takes a file name of the layout `NAME;GUID.vhdx` or `.json` apart at its last `;`; undefined for any other name. */
export function parseDiskFile(fileName: string): DiskFileName | undefined {
  const [, name, id, end] = DISK_FILE.exec(fileName) ?? [];
  if (name === undefined || id === undefined) return undefined;
  return { name, id: id.toLowerCase(), kind: end?.toLowerCase() === "vhdx" ? "disk" : "record" };
}
