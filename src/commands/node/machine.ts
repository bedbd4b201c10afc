import { Option } from "commander";
import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import { isWindows, thisPlatform } from "../../kit/platform.ts";
import { workerDurations } from "../../kit/worker/durations.ts";
import { ownWorker } from "../../kit/worker/own-worker.ts";
import type { WorkerCommand } from "../../kit/worker/process.ts";
import type { Guest } from "../../node/guest.ts";
import { hypervFacts, namesFromHyperV } from "../../node/linux/hyperv-facts.ts";
import { linuxGuest } from "../../node/linux/linux-guest.ts";
import { systemRoots, thisVm } from "../../node/linux/this-vm.ts";
import type { NodeFacts, SettledFacts } from "../../node/node-facts.ts";
import { unixPaths } from "../../node/path-rules.ts";

/** What the node plugin runs on: Linux, or Windows and its workers. */
export interface Machine {
  readonly guest: Guest;
  readonly facts: NodeFacts;
  /** What Hyper-V calls this VM and its host. */
  readonly names: () => Promise<Record<string, string>>;
  /** Ends when what was begun is done. */
  readonly close: () => Promise<void>;
}

export interface MachineOptions {
  readonly workerCommand?: readonly string[];
}

export function machineOptions(): Option[] {
  return [
    new Option(
      "--worker-command <part>",
      "program that reaches Windows' storage, then each of its arguments (default on Windows: the one that comes with this)",
    )
      .env("HYPERV_CSI_WORKER_COMMAND")
      .argParser((part: string, before: readonly string[] | undefined) => [...(before ?? []), part]),
  ];
}

/** Where a worker is named, or comes with the program, the machine is Windows, or stands for one. */
export async function openMachine(
  { workerCommand = [] }: MachineOptions,
  settled: SettledFacts,
  metrics: Metrics,
  log: Log,
  platform: NodeJS.Platform = thisPlatform,
): Promise<Machine> {
  const [program, ...args] = workerCommand;
  const command =
    program === undefined
      ? ownWorker(platform, process.argv[1] ?? "", process.env["SystemRoot"], "node-worker.ps1")
      : { program, args };
  return command === undefined
    ? linuxMachine(settled)
    : await windowsMachine(command, settled, metrics, log, platform);
}

function linuxMachine(settled: SettledFacts): Machine {
  const facts = hypervFacts(settled, systemRoots);
  return {
    guest: linuxGuest(
      thisVm(() => facts.nodeId(), systemRoots),
      settled.kubeletDirectory,
    ),
    facts,
    names: () => namesFromHyperV(systemRoots),
    close: () => Promise.resolve(),
  };
}

/** Loaded only here: Linux nodes need no schemas of a worker's answers. */
async function windowsMachine(
  command: WorkerCommand,
  settled: SettledFacts,
  metrics: Metrics,
  log: Log,
  platform: NodeJS.Platform,
): Promise<Machine> {
  const [
    { windowsGuest },
    { WindowsWorkers },
    { windowsFacts, namesInRegistry },
    settings,
    { windowsPaths },
  ] = await Promise.all([
    import("../../node/windows/windows-guest.ts"),
    import("../../node/windows/windows-workers.ts"),
    import("../../node/windows/hyperv-facts.ts"),
    import("../../node/windows/settings.ts"),
    import("../../node/windows/paths.ts"),
  ]);
  const observe = workerDurations(
    metrics,
    "hyperv_csi_node_worker_duration_seconds",
    "Duration of what workers of a Windows node were asked, by operation and code; LOST when there was no answer",
  );
  const workers = new WindowsWorkers({ ...settings.defaultWorkerSettings, command }, log, observe);
  const rules = isWindows(platform) ? windowsPaths : unixPaths;
  const kubeletDirectory = rules.canonical(settled.kubeletDirectory);
  if (kubeletDirectory === undefined) {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `--kubelet-dir ${settled.kubeletDirectory} is no directory's path`,
    );
  }
  return {
    guest: windowsGuest(workers, kubeletDirectory, rules),
    facts: windowsFacts({ ...settled, kubeletDirectory }, workers, rules),
    names: () => namesInRegistry(workers),
    close: () => workers.close(),
  };
}
