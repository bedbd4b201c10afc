import type { Engine } from "../../src/agent/engine/engine.ts";
import { openEngine } from "../../src/agent/engine/open-engine.ts";
import { defaultEngineSettings } from "../../src/agent/engine/settings.ts";
import type { Host } from "../../src/agent/hosts/host.ts";
import { hypervHost, type HypervSettings } from "../../src/agent/hosts/hyperv/hyperv-host.ts";
import { HYPERV_SLOTS_PER_VM } from "../../src/agent/hosts/open-host.ts";
import type { WorkerCommand } from "../../src/kit/worker/process.ts";
import { defaultWorkerSettings } from "../../src/agent/hosts/hyperv/worker/settings.ts";
import type { WorkerSettings } from "../../src/kit/worker/settings.ts";
import { silentLog } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { simVm, Simulator } from "../hyperv-sim/simulator.ts";
import { bundleOf } from "./bundle.ts";
import { knownPools } from "./known-pools.ts";
import { needsLoopDevices } from "./needs-loop-devices.ts";
import { scratchDirectory } from "./scratch-directory.ts";

/** An engine over a pool with the Hyper-V host, whose workers are the simulator's. */
export interface HypervRig {
  readonly path: (...parts: string[]) => string;
  readonly pool: string;
  readonly simulator: Simulator;
  readonly vmIds: readonly [string, string];
  readonly host: Host;
  readonly engine: Engine;
  /** Operations that ended, with their codes: `attach OK`. */
  readonly asked: string[];
  /** Another host over the same simulator and pool, beside the first. */
  another(): Promise<Host>;
  /** How a host over the same simulator is set, for a group of that name. */
  settingsFor(group: string): HypervSettings;
  /** Ends engine and host, does something, and opens them anew: an agent that starts again. */
  restarted(meanwhile?: () => Promise<void>): Promise<void>;
}

export interface RigLayout {
  readonly hosts?: readonly string[];
  readonly cluster?: string;
  readonly workers?: Partial<WorkerSettings>;
  readonly longestMergeMs?: number;
  /** What is started in place of the simulator's own worker, which is this bundle. */
  readonly workerOver?: (simulator: Simulator, program: string) => WorkerCommand;
}

/** The rig is filled when `before` has run; its fields are not to be read earlier. */
export function hypervRig({
  hosts = ["hv-1"],
  cluster,
  workers = {},
  longestMergeMs = 60_000,
  workerOver = (simulator, bundle) => simulator.worker(hosts[0], bundle),
}: RigLayout = {}): HypervRig {
  const closers: (() => Promise<void>)[] = [];
  const group = cluster ?? "test";
  after(async () => {
    for (const close of closers.toReversed()) await close();
  });
  const path = scratchDirectory();
  const program = bundleOf("test/hyperv-sim/main.ts");
  const rig = {} as { -readonly [Key in keyof HypervRig]: HypervRig[Key] };
  before(needsLoopDevices);
  before(async () => {
    const vms = [simVm("node-1", 2), simVm("node-2", 1)] as const;
    const simulator = await new Simulator(path("hyperv")).make(vms, [...hosts], cluster ?? null);
    const asked: string[] = [];
    const settingsFor = (name: string): HypervSettings => ({
      workers: {
        ...defaultWorkerSettings,
        command: workerOver(simulator, program),
        size: 2,
        ...workers,
      },
      group: name,
      slotsPerVm: HYPERV_SLOTS_PER_VM,
      longestMergeMs,
      diskTypes: ["fixed", "dynamic"],
    });
    const newHost = () =>
      hypervHost(settingsFor(group), silentLog(), (op, code) => asked.push(`${op} ${code}`));
    closers.push(() => simulator.turnOff());
    const start = async () => {
      const host = newHost();
      const { engine, close: closeEngine } = await openEngine(
        {
          pools: [{ name: "default", directory: path("pool") }],
          groups: [group],
          owner: "a test",
          known: knownPools(),
        },
        host,
        defaultEngineSettings,
        createMetrics(),
        silentLog(),
      );
      Object.assign(rig, { host, engine });
      return async () => {
        await closeEngine();
        await host.close();
      };
    };
    let stop = await start();
    closers.push(() => stop());
    const restarted = async (meanwhile: () => Promise<void> = () => Promise.resolve()) => {
      await stop();
      stop = () => Promise.resolve();
      await meanwhile();
      stop = await start();
    };
    const another = async () => {
      const other = newHost();
      closers.push(() => other.close());
      await other.openPool(path("pool"));
      return other;
    };
    const vmIds: [string, string] = [vms[0].id, vms[1].id];
    Object.assign(rig, {
      path,
      pool: path("pool"),
      simulator,
      vmIds,
      asked,
      another,
      settingsFor,
      restarted,
    });
  });
  return rig;
}
