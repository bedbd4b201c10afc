import { readFileSync } from "node:fs";

/** One line of /proc/PID/mountinfo; see proc_pid_mountinfo(5). */
export interface Mount {
  readonly id: number;
  /** Id of the mount that this one lies on; it need not be in the table. */
  readonly parent: number;
  /** `major:minor`; an anonymous number on btrfs and overlay. */
  readonly device: string;
  /** What of the file system is mounted: `/`, or a file or folder inside it for a bind mount. */
  readonly root: string;
  readonly mountPoint: string;
  /** Options of this mount, such as `ro` of a bind mount. */
  readonly options: readonly string[];
  /** True when what is mounted below it is seen in other mount namespaces too. */
  readonly isShared: boolean;
  readonly fsType: string;
  /** For a disk its device, `/dev/loop3`. */
  readonly source: string;
  /** Options of the file system itself. */
  readonly superOptions: readonly string[];
}

/** The mounts of this process's namespace, the oldest first. */
export function readMountTable(path = "/proc/self/mountinfo"): Promise<Mount[]> {
  // At once: it is kernel memory, which no hung file system holds up, and by a thread it takes five switches.
  return Promise.try(() => parseMountTable(readFileSync(path, "utf8")));
}

/** Parses mountinfo; a line of another form is passed over. */
export function parseMountTable(text: string): Mount[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

/** The mount that a canonical path lies on. Of those stacked on one path the last is seen. */
export function mountAbove(path: string, table: readonly Mount[]): Mount | undefined {
  return table
    .filter(({ mountPoint }) => `${path}/`.startsWith(mountPoint === "/" ? "/" : `${mountPoint}/`))
    .reduce<Mount | undefined>(
      (nearest, each) => (each.mountPoint.length >= (nearest?.mountPoint.length ?? 0) ? each : nearest),
      undefined,
    );
}

function parseLine(line: string): Mount | undefined {
  const fields = line.split(" ");
  const dash = fields.indexOf("-", 6);
  const [id, parent, device, root, mountPoint, options] = fields;
  const [fsType, source, superOptions] = fields.slice(dash + 1);
  if (
    dash === -1 ||
    !/^\d+$/.test(id ?? "") ||
    !/^\d+$/.test(parent ?? "") ||
    !device ||
    !root ||
    !mountPoint ||
    !options ||
    !fsType ||
    source === undefined
  ) {
    return undefined;
  }
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescape(root),
    mountPoint: unescape(mountPoint),
    options: options.split(","),
    isShared: fields.slice(6, dash).some((field) => /^shared:\d+$/.test(field)),
    fsType: unescape(fsType),
    source: unescape(source),
    superOptions: splitOptions(superOptions ?? ""),
  };
}

/** At commas, but for those in an SELinux label, which the kernel quotes then: `rw,context="a:b:c:s0:c1,c2"`. */
function splitOptions(text: string): string[] {
  return text.match(/(?<=^|,)(?:(?:fs|def|root)?context="[^"]*"|[^,]*)/g) ?? [];
}

/** The kernel writes space, tab, newline, backslash and # as three octal digits, byte by byte. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number(`0o${octal}`)));
}
