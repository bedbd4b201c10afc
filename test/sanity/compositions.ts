import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startProcess, type OwnProcess } from "../support/own-processes.ts";

/** A running driver: the sockets it serves on and its processes. */
export interface RunningDriver {
  /** Serves Identity and Node, and Controller when `controllerSocket` is the same. */
  readonly socket: string;
  readonly controllerSocket: string;
  /** All that its processes have said. */
  output(): string;
  stop(): Promise<void>;
}

/** Few, so that filling a VM up does not take long. */
const SLOTS = ["--max-volumes", "12"];

/** Everything is logged, so that it can be seen what never is. */
function start(args: readonly string[]): OwnProcess {
  return startProcess(process.execPath, [
    join(import.meta.dirname, "../../src/main.ts"),
    ...args,
    "--log-level",
    "trace",
  ]);
}

function outputOf(processes: readonly OwnProcess[]): string {
  return processes.map((each) => each.output()).join("");
}

async function stopAll(processes: readonly OwnProcess[]): Promise<void> {
  for (const each of processes.toReversed()) {
    const exitCode = await each.kill("SIGTERM");
    if (exitCode !== 0) throw new Error(`a process ended with ${exitCode ?? "a signal"}: ${each.output()}`);
  }
}

/** All three parts in one process, on one socket. */
export function startUp(directory: string): Promise<RunningDriver> {
  return startOn("local", directory);
}

/** The same over a simulated Hyper-V, whose VM the node plugin is in. */
export function startSimulated(directory: string): Promise<RunningDriver> {
  return startOn("hyperv-sim", directory);
}

async function startOn(host: string, directory: string): Promise<RunningDriver> {
  const up = start(["up", "--no-show", "--host", host, "--state-dir", directory, ...SLOTS]);
  await up.says(/serving CSI/);
  const socket = join(directory, "csi.sock");
  return {
    socket,
    controllerSocket: socket,
    output: () => outputOf([up]),
    stop: () => stopAll([up]),
  };
}

/** Agent, controller and node as processes of their own. */
export async function startSeparately(directory: string): Promise<RunningDriver> {
  const at = (name: string) => join(directory, name);
  const vmId = randomUUID();
  await writeFile(at("key"), randomUUID());
  const agent = start([
    ...["agent", "--listen", "127.0.0.1:0", "--api-key-file", at("key"), "--pool", at("pool")],
    ...["--group", "rack-1", "--state-dir", at("state"), "--vm", vmId, ...SLOTS],
  ]);
  await agent.says(/agent is ready/);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(agent.output())?.[0] ?? "";
  await writeFile(at("agents.yaml"), `agents:\n  - group: rack-1\n    url: ${url}\n    apiKeyFile: key\n`);
  const controller = start([
    "controller",
    "--endpoint",
    `unix://${at("c.sock")}`,
    "--agents",
    at("agents.yaml"),
  ]);
  const node = start([
    "node",
    "--endpoint",
    `unix://${at("n.sock")}`,
    "--node-id",
    vmId,
    "--group",
    "rack-1",
    ...SLOTS,
  ]);
  await Promise.all([controller.says(/controller is ready/), node.says(/node is ready/)]);
  return {
    socket: at("n.sock"),
    controllerSocket: at("c.sock"),
    output: () => outputOf([agent, controller, node]),
    stop: () => stopAll([agent, controller, node]),
  };
}
