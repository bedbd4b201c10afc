import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ControllerRpcs, NodeRpcs } from "../../csi/rpc.ts";
import { csiClient, type Calls } from "../../csi/client.ts";
import { StatusError } from "../../kit/errors.ts";
import { ifThere } from "../../kit/if-there.ts";
import { formatSize, GiB, MiB } from "../../kit/sizes.ts";
import type { StateDirectory } from "./state-directory.ts";

const SIZE = 1n * GiB;
const GROWN_SIZE = 2n * GiB;
const DATA_BYTES = 64n * MiB;

/** The show's volume and where it is mounted. */
interface Stage {
  readonly name: string;
  readonly staging: string;
  readonly target: string;
}

interface Csi {
  readonly controller: Calls<ControllerRpcs>;
  readonly node: Calls<NodeRpcs>;
  readonly nodeId: string;
}

/** xfs, because some sandboxes keep a process from growing a mounted ext4. */
const capability = {
  mount: { fs_type: "xfs", mount_flags: [], volume_mount_group: "" },
  access_mode: { mode: "SINGLE_NODE_WRITER" as const },
};

/**
 * Shows the main job through the CSI socket, one line per step with its time, and leaves nothing behind.
 * @param stop ends the show after the step that runs.
 * @throws whatever a step did not hold.
 */
export async function show(state: StateDirectory, nodeId: string, stop: AbortSignal): Promise<void> {
  const controller = csiClient<ControllerRpcs>("Controller", state.csiSocket);
  const node = csiClient<NodeRpcs>("Node", state.csiSocket);
  const csi = { controller: controller.call, node: node.call, nodeId };
  try {
    await clearAway(csi, state);
    const stage = { name: `show-${randomUUID()}`, ...pathsIn(state) };
    await writeFile(state.showJournal, JSON.stringify({ name: stage.name }));
    try {
      await perform(csi, stage, stop);
    } finally {
      await clearAway(csi, state);
    }
  } finally {
    controller.close();
    node.close();
  }
}

async function perform(csi: Csi, stage: Stage, stop: AbortSignal): Promise<void> {
  const step = async <T>(title: string, work: () => Promise<T>): Promise<T> => {
    stop.throwIfAborted();
    const started = performance.now();
    const result = await work();
    print(title, performance.now() - started);
    return result;
  };
  const file = join(stage.target, "data");

  const volumeId = await step(`create a volume of ${formatSize(SIZE)}`, () => createVolume(csi, stage.name));
  const attached = await step("attach it", () => attach(csi, volumeId));
  await step("prove it blank, format it with xfs, mount it", () => mount(csi, stage, volumeId, attached));
  const written = await step(`write ${formatSize(DATA_BYTES)}`, () => writeData(file));
  await step(`expand it to ${formatSize(GROWN_SIZE)} while it is mounted`, () =>
    expand(csi, stage, volumeId),
  );
  await step("unmount it", () => unmount(csi, stage, volumeId));
  await step("detach it", () => detach(csi, volumeId));
  const again = await step("attach it again", () => attach(csi, volumeId));
  await step("mount it again", () => mount(csi, stage, volumeId, again));
  await step("read the data back, compare checksums", () => compare(file, written));
  await step("unmount it", () => unmount(csi, stage, volumeId));
  await step("detach it", () => detach(csi, volumeId));
  await step("delete it", () => deleteVolume(csi, volumeId));
}

function print(title: string, ms: number): void {
  process.stdout.write(`  ${title.padEnd(52)} ${ms.toFixed(0).padStart(6)} ms\n`);
}

async function createVolume({ controller }: Csi, name: string): Promise<string> {
  const { volume } = await controller.CreateVolume({
    name,
    capacity_range: { required_bytes: String(SIZE), limit_bytes: "0" },
    volume_capabilities: [capability],
  });
  return volume?.volume_id ?? "";
}

async function attach({ controller, nodeId }: Csi, volumeId: string): Promise<Record<string, string>> {
  const request = { volume_id: volumeId, node_id: nodeId, volume_capability: capability };
  return (await controller.ControllerPublishVolume(request)).publish_context ?? {};
}

async function mount({ node }: Csi, stage: Stage, volumeId: string, publishContext: Record<string, string>) {
  const request = {
    volume_id: volumeId,
    publish_context: publishContext,
    staging_target_path: stage.staging,
    volume_capability: capability,
  };
  await mkdir(stage.staging, { recursive: true });
  await node.NodeStageVolume(request);
  await node.NodePublishVolume({ ...request, target_path: stage.target });
}

/** Returns the checksum of what was written and flushed. */
async function writeData(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path, "wx");
  try {
    for (let written = 0n; written < DATA_BYTES; written += MiB) {
      const chunk = randomBytes(Number(MiB));
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

async function expand({ controller, node }: Csi, stage: Stage, volumeId: string): Promise<void> {
  const request = {
    volume_id: volumeId,
    capacity_range: { required_bytes: String(GROWN_SIZE), limit_bytes: "0" },
  };
  await controller.ControllerExpandVolume(request);
  await node.NodeExpandVolume({ ...request, volume_path: stage.target, volume_capability: capability });
  const { usage } = await node.NodeGetVolumeStats({ volume_id: volumeId, volume_path: stage.target });
  const total = BigInt(String(usage?.find(({ unit }) => unit === "BYTES")?.total ?? 0));
  if (total > SIZE) return;
  throw new StatusError(
    "DATA_LOSS",
    `the file system has ${total} bytes after it was expanded to ${GROWN_SIZE}`,
  );
}

async function compare(path: string, expected: string): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const found = hash.digest("hex");
  if (found !== expected)
    throw new StatusError("DATA_LOSS", `${path} has checksum ${found}, not ${expected}`);
}

async function unmount({ node }: Csi, stage: Stage, volumeId: string): Promise<void> {
  await node.NodeUnpublishVolume({ volume_id: volumeId, target_path: stage.target });
  await node.NodeUnstageVolume({ volume_id: volumeId, staging_target_path: stage.staging });
}

async function detach({ controller, nodeId }: Csi, volumeId: string): Promise<void> {
  await controller.ControllerUnpublishVolume({ volume_id: volumeId, node_id: nodeId });
}

async function deleteVolume({ controller }: Csi, volumeId: string): Promise<void> {
  await controller.DeleteVolume({ volume_id: volumeId });
}

/** Removes what a show left, this one or one that was killed: its journal names the volume, and so finds it. */
async function clearAway(csi: Csi, state: StateDirectory): Promise<void> {
  const name = await journalledName(state);
  if (name !== undefined) {
    const stage = { name, ...pathsIn(state) };
    const volumeId = await createVolume(csi, name);
    await unmount(csi, stage, volumeId);
    await detach(csi, volumeId);
    await deleteVolume(csi, volumeId);
  }
  await rm(state.showJournal, { force: true });
  // Never recursively: should a mount have stayed, what is on it stays too.
  for (const directory of [pathsIn(state).staging, state.show]) {
    await ifThere(rmdir(directory));
  }
}

async function journalledName(state: StateDirectory): Promise<string | undefined> {
  const text = await readFile(state.showJournal, "utf8").catch(() => "{}");
  const { name } = JSON.parse(text === "" ? "{}" : text) as { name?: string };
  return name;
}

function pathsIn(state: StateDirectory): { staging: string; target: string } {
  return { staging: join(state.show, "staging"), target: join(state.show, "target") };
}
