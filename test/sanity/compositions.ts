import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GROUP_ITEM } from "../../src/csi/driver.ts";
import { Simulator } from "../hyperv-sim/simulator.ts";
import { startProcess } from "../support/own-processes.ts";
import { RoleProcesses, roles } from "../support/role-processes.ts";
import { SimulatedWindows } from "../windows-sim/windows.ts";

/** A running driver: the sockets it serves on and its processes. */
export interface RunningDriver {
  /** Serves Identity and Node, and Controller when `controllerSocket` is the same. */
  readonly socket: string;
  readonly controllerSocket: string;
  /** All that its processes have said. */
  output(): string;
  stop(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, "../../src/main.ts");
const OVER_CARRIED = join(import.meta.dirname, "../support/over-carried.ts");
/** Few, so that filling a VM up does not take long. */
const SLOTS = ["--max-volumes", "12"];
/** Everything is logged, so that it can be seen what never is. */
const LOGGED = ["--log-level", "trace"];

/** All three parts in one process, on one socket. */
export function startUp(directory: string): Promise<RunningDriver> {
  return startOn("local", directory);
}

/** The same, on a socket made as on Windows. */
export function startCarried(directory: string): Promise<RunningDriver> {
  return startOn("local", directory, OVER_CARRIED);
}

/** The same over a simulated Hyper-V, whose VM the node plugin is in. */
export function startSimulated(directory: string): Promise<RunningDriver> {
  return startOn("hyperv-sim", directory);
}

async function startOn(host: string, directory: string, program = PROGRAM): Promise<RunningDriver> {
  const own = ["up", "--no-show", "--host", host, "--state-dir", directory, ...SLOTS, ...LOGGED];
  const up = startProcess(process.execPath, [program, ...own]);
  await up.says(/serving CSI/);
  const socket = join(directory, "csi.sock");
  return {
    socket,
    controllerSocket: socket,
    output: () => up.output(),
    stop: async () => {
      requireOrderly(await up.kill("SIGTERM"), up.output());
    },
  };
}

/** Agent and controller over a simulated Hyper-V, and the node plugin in a VM of it that is a simulated Windows. */
export async function startWindows(directory: string): Promise<RunningDriver> {
  const up = await startOn("hyperv-sim", directory);
  const told = JSON.parse(await readFile(join(directory, "up.json"), "utf8")) as {
    readonly nodeId: string;
    readonly group: string;
  };
  const hyperv = { directory: join(directory, "hyperv-sim"), vmId: told.nodeId };
  const { controllers } = await new Simulator(hyperv.directory).vm(told.nodeId);
  const windows = new SimulatedWindows(join(directory, "windows"));
  await windows.make(controllers, hyperv, { [GROUP_ITEM]: told.group });
  const socket = join(directory, "windows.sock");
  const { program, args } = windows.worker();
  const worker = [program, ...args].flatMap((part) => ["--worker-command", part]);
  const own = ["node", "--endpoint", `unix://${socket}`, "--kubelet-dir", join(directory, "kubelet")];
  const node = startProcess(process.execPath, [PROGRAM, ...own, ...SLOTS, ...worker, ...LOGGED]);
  await node.says(/node is ready/);
  return {
    socket,
    controllerSocket: up.socket,
    output: () => up.output() + node.output(),
    stop: async () => {
      requireOrderly(await node.kill("SIGTERM"), node.output());
      await up.stop();
    },
  };
}

/** Agent, controller and node as processes of their own. */
export async function startSeparately(directory: string): Promise<RunningDriver> {
  const path = (...parts: string[]) => join(directory, ...parts);
  const vms = [randomUUID()] as const;
  const place = { program: PROGRAM, path, pool: path("pool"), vms, hostOptions: SLOTS, options: LOGGED };
  const processes = new RoleProcesses(place);
  for (const role of roles) await processes.start(role);
  return {
    socket: processes.socket("node"),
    controllerSocket: processes.socket("controller"),
    output: () => processes.output(),
    stop: async () => {
      for (const role of roles.toReversed()) {
        const exitCode = await processes.kill(role, "SIGTERM");
        requireOrderly(exitCode, processes.output());
      }
    },
  };
}

function requireOrderly(exitCode: number | null, output: string): void {
  if (exitCode !== 0) throw new Error(`a process ended with ${exitCode ?? "a signal"}: ${output}`);
}
