import { silentLog } from "../../src/kit/log.ts";
import type { LoopDevice } from "../../src/kit/loop-devices.ts";
import { MiB } from "../../src/kit/sizes.ts";
import type { Operation } from "../../src/node/windows/protocol.ts";
import { unixPaths } from "../../src/node/path-rules.ts";
import { defaultWorkerSettings } from "../../src/node/windows/settings.ts";
import { windowsGuest } from "../../src/node/windows/windows-guest.ts";
import { WindowsWorkers } from "../../src/node/windows/windows-workers.ts";
import type { WorkerCommand } from "../../src/kit/worker/process.ts";
import { SimulatedWindows } from "../windows-sim/windows.ts";
import { bundleOf } from "./bundle.ts";
import { localRig } from "./local-rig.ts";
import { NodeRig } from "./node-rig.ts";

/** Longest that anything may take here, milliseconds. */
const LONGEST_MS = 60_000;

/** The node of a rig as a Windows guest on Hyper-V: its disks are loop devices that the simulated Windows has. */
export interface WindowsRig {
  readonly node: NodeRig;
  readonly windows: SimulatedWindows;
  readonly kubelet: string;
  readonly workers: WindowsWorkers;
  /** How long the node waits for an operation, milliseconds. */
  longest: (op: Operation) => number | undefined;
}

/** What is started in place of the simulator's own worker, which is that program. */
export type WorkerOver = (windows: SimulatedWindows, program: string) => WorkerCommand;

/** For the tests of one `describe`; it is there when they run. */
export function windowsRig(workerOver: WorkerOver = (windows, program) => windows.worker(program)): {
  readonly get: WindowsRig;
} {
  const local = localRig();
  const program = bundleOf("test/windows-sim/main.ts");
  let rig: WindowsRig | undefined;
  let workers: WindowsWorkers | undefined;
  before(async () => {
    const windows = await new SimulatedWindows(local.path("windows")).make();
    const longest: WindowsRig["longest"] = () => undefined;
    const settings = {
      ...defaultWorkerSettings,
      size: 3,
      command: workerOver(windows, program),
      deadlineMs: (op: string) => rig?.longest(op as Operation) ?? LONGEST_MS,
    };
    workers = new WindowsWorkers(settings, silentLog(), () => undefined);
    const kubelet = local.path("kubelet");
    const plug = {
      plugIn: async (id: string, loop: LoopDevice, readOnly: boolean) =>
        await windows.plug(await placed(windows, id, loop, readOnly)),
      pullOut: (id: string) => windows.pull(id),
    };
    const node = new NodeRig(local, windowsGuest(workers, kubelet, unixPaths), plug, 64n * MiB);
    rig = { node, windows, kubelet, workers, longest };
  });
  after(() => workers?.close());
  return {
    get get() {
      if (rig === undefined) throw new Error("the rig is not open yet");
      return rig;
    },
  };
}

/** The first free unit of the second controller, beside which the first has the same units. */
async function placed(
  windows: SimulatedWindows,
  volumeId: string,
  { device }: LoopDevice,
  readOnly: boolean,
) {
  const { controllers, disks } = await windows.state();
  const lun = disks.reduce((next, disk) => Math.max(next, disk.lun + 1), 0);
  const medium = { path: device, offset: 0, size: undefined };
  return { volumeId, controllerId: controllers[1] ?? "", lun, medium, isWriteProtected: readOnly };
}
