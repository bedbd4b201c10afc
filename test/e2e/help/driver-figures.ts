import { readdir, readFile } from "node:fs/promises";
import { theRig } from "../rig.ts";

/** How often a CSI call was answered, and the seconds that this took in all. */
export interface CallTime {
  readonly count: number;
  readonly seconds: number;
}

const HISTOGRAM = "hyperv_csi_rpc_duration_seconds";
/** Of controller and node plugin, on each node's address. */
const PORTS = [9808, 9809];

/** The driver's own time by CSI call, since its processes started: what kubelet, scheduler and sidecars take is not in it. */
export async function ownTimes(): Promise<Map<string, CallTime>> {
  const times = new Map<string, CallTime>();
  for (const { name } of theRig().nodes) {
    for (const port of PORTS) {
      const text = await (await fetch(`http://${name}:${port}/metrics`)).text();
      for (const [, part, labels, value] of text.matchAll(
        new RegExp(`^${HISTOGRAM}_(sum|count)\\{(.*)\\} (\\S+)$`, "gm"),
      )) {
        const method = /method="([^"]*)"/.exec(labels ?? "")?.[1] ?? "";
        const { count, seconds } = times.get(method) ?? { count: 0, seconds: 0 };
        const more = Number(value);
        const sum = part === "sum" ? { count, seconds: seconds + more } : { count: count + more, seconds };
        times.set(method, sum);
      }
    }
  }
  return times;
}

/** The most memory that a process of each role had since it started, MiB. */
export async function peakMemory(): Promise<Map<string, number>> {
  const peaks = new Map<string, number>();
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const role = /(?:hyperv-csi|hyperv-csi\.mjs)\0(agent|controller|node)\0/.exec(command)?.[1];
    if (role === undefined || command.startsWith("tini")) continue;
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const mebibytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
    peaks.set(role, Math.max(peaks.get(role) ?? 0, mebibytes));
  }
  return peaks;
}
