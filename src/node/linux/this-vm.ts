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
  /** VM id in lower case. */
  readonly id: string;
  readonly roots: Roots;
}

/** The directory that has an entry for each disk. */
export function sysBlock({ sys }: Roots): string {
  return join(sys, "block");
}

/** The mounts of this process's namespace. */
export function mountInfo({ proc }: Roots): string {
  return join(proc, "self", "mountinfo");
}
