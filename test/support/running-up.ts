import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { csiClient, type Calls } from "../../src/csi/client.ts";
import type { ControllerRpcs, NodeRpcs } from "../../src/csi/rpc.ts";
import { needsLoopDevices } from "./needs-loop-devices.ts";
import { capability, type Use } from "./node-rig.ts";
import { startProcess, type OwnProcess } from "./own-processes.ts";
import { scratchDirectory } from "./scratch-directory.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** A real process `up` that serves, seen as kubelet and the sidecars see it. */
export interface RunningUp {
  readonly process: OwnProcess;
  readonly controller: Calls<ControllerRpcs>;
  readonly node: Calls<NodeRpcs>;
  readonly nodeId: string;
  /** Ends the process; the exit code, null after SIGKILL. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** A volume that `up` made, and where a test mounts it. */
export interface UpVolume {
  readonly id: string;
  readonly use: Use;
  readonly publishContext: Record<string, string>;
  readonly staging: string;
  readonly target: string;
}

const closers = new Set<() => void>();

/** A state directory for the processes `up` of one `describe`: `path(name)` is a place beside it. */
export function upDirectory(): {
  readonly path: (...parts: string[]) => string;
  readonly state: () => string;
} {
  const path = scratchDirectory();
  before(needsLoopDevices);
  after(() => {
    for (const close of closers) close();
    closers.clear();
  });
  return { path, state: () => path("state") };
}

export function spawnUp(state: string, ...args: string[]): OwnProcess {
  return startProcess(process.execPath, [MAIN, "up", "--state-dir", state, ...args]);
}

/** Starts `up` without its show and waits until it serves. */
export async function startUp(state: string): Promise<RunningUp> {
  const own = spawnUp(state, "--no-show");
  await own.says(/Ctrl-C stops/);
  const { csiSocket, nodeId } = JSON.parse(await readFile(join(state, "up.json"), "utf8")) as Record<
    "csiSocket" | "nodeId",
    string
  >;
  const controller = csiClient<ControllerRpcs>("Controller", csiSocket);
  const node = csiClient<NodeRpcs>("Node", csiSocket);
  const close = () => {
    controller.close();
    node.close();
  };
  closers.add(close);
  return {
    process: own,
    controller: controller.call,
    node: node.call,
    nodeId,
    stop: (signal) => {
      close();
      closers.delete(close);
      return own.kill(signal);
    },
  };
}

/** Creates, attaches and mounts a volume, below `directory`. */
export async function mountedVolume(
  up: RunningUp,
  directory: string,
  size: bigint,
  use: Use,
): Promise<UpVolume> {
  const name = `data-${randomUUID()}`;
  const { volume } = await up.controller.CreateVolume({
    name,
    capacity_range: { required_bytes: String(size), limit_bytes: "0" },
    volume_capabilities: [capability(use)],
  });
  const staging = join(directory, name, "staging");
  await mkdir(staging, { recursive: true });
  const made = { id: String(volume?.volume_id), use, staging, target: join(directory, name, "target") };
  return await mountAgain(up, made);
}

/** Attaches and mounts a volume; what is attached or mounted already stays as it is. */
export async function mountAgain(up: RunningUp, volume: Omit<UpVolume, "publishContext">): Promise<UpVolume> {
  const request = { volume_id: volume.id, volume_capability: capability(volume.use) };
  const { publish_context: publishContext = {} } = await up.controller.ControllerPublishVolume({
    ...request,
    node_id: up.nodeId,
  });
  const staged = { ...request, publish_context: publishContext, staging_target_path: volume.staging };
  await up.node.NodeStageVolume(staged);
  await up.node.NodePublishVolume({ ...staged, target_path: volume.target });
  return { ...volume, publishContext };
}

export async function unmountAndDetach(up: RunningUp, { id, staging, target }: UpVolume): Promise<void> {
  await up.node.NodeUnpublishVolume({ volume_id: id, target_path: target });
  await up.node.NodeUnstageVolume({ volume_id: id, staging_target_path: staging });
  await up.controller.ControllerUnpublishVolume({ volume_id: id, node_id: up.nodeId });
}

export async function grow(up: RunningUp, { id, target, use }: UpVolume, size: bigint): Promise<void> {
  const request = { volume_id: id, capacity_range: { required_bytes: String(size), limit_bytes: "0" } };
  await up.controller.ControllerExpandVolume({ ...request, volume_capability: capability(use) });
  await up.node.NodeExpandVolume({ ...request, volume_path: target, volume_capability: capability(use) });
}
