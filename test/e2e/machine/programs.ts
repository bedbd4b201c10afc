import { runtimePrograms } from "../../../src/commands/up/programs.ts";

/** Programs of the cluster test, and the Debian packages that bring them. */
export const e2ePrograms: Readonly<Record<string, string>> = {
  ...runtimePrograms,
  containerd: "containerd",
  runc: "runc",
  tini: "tini",
  busybox: "busybox-static",
  unshare: "util-linux",
  flock: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  // Plugins lie beside the directories that are searched.
  "../lib/cni/ptp": "containernetworking-plugins",
};
