import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where the kernel and the Hyper-V daemons of this machine show themselves. */
export interface Roots {
  readonly sys: string;
  readonly dev: string;
  readonly proc: string;
  /** Holds the KVP pools. */
  readonly hyperv: string;
}

export const systemRoots: Roots = { sys: "/sys", dev: "/dev", proc: "/proc", hyperv: "/var/lib/hyperv" };

/** The VM that the node plugin runs in. */
export interface ThisVm {
  /** VM id in lower case. @throws StatusError UNAVAILABLE while it is not known */
  readonly id: () => Promise<string>;
  readonly roots: Roots;
  /** Writes into an attribute of sysfs. The kernel acts on it before this ends. */
  readonly tell: (attribute: string, value: string) => Promise<void>;
}

/** The VM with this id, or with the one that is told when it is asked for, with the kernel that runs this process. */
export function thisVm(id: string | (() => Promise<string>), roots: Roots = systemRoots): ThisVm {
  const known = typeof id === "string" ? () => Promise.resolve(id) : id;
  return { id: known, roots, tell: (attribute, value) => writeFile(attribute, value, { flag: "r+" }) };
}

/** The directory that has an entry for each disk. */
export function sysBlock({ sys }: Roots): string {
  return join(sys, "block");
}

/** The mounts of this process's namespace. */
export function mountInfo({ proc }: Roots): string {
  return join(proc, "self", "mountinfo");
}

/** The mounts of the VM's first process: in a container of the VM's process ids, the VM's own. Not everybody may read them. */
export function mountInfoOfVm({ proc }: Roots): string {
  return join(proc, "1", "mountinfo");
}
