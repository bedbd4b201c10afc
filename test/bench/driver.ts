import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { csiClient } from "../../src/csi/client.ts";
import type { ControllerRpcs, NodeRpcs } from "../../src/csi/rpc.ts";
import { bundlePath } from "../../scripts/build.ts";
import { startProcess } from "../support/own-processes.ts";

/** A driver under load: `up` from the bundle, called over its socket as Kubernetes would. */
export interface BenchDriver {
  create(name: string): Promise<string>;
  delete(volumeId: string): Promise<void>;
  publishAndStage(volumeId: string): Promise<void>;
  unstageAndUnpublish(volumeId: string): Promise<void>;
  capacity(): Promise<void>;
  /** Pages through all volumes and returns how many there are. */
  list(): Promise<number>;
  /** One page of a hundred. */
  listPage(): Promise<void>;
  stop(): Promise<void>;
}

const capability = {
  mount: { fs_type: "ext4", mount_flags: [], volume_mount_group: "" },
  access_mode: { mode: "SINGLE_NODE_WRITER" as const },
};

export async function startDriver(directory: string): Promise<BenchDriver> {
  const up = startProcess(process.execPath, [bundlePath, "up", "--no-show", "--state-dir", directory]);
  await up.says(/serving CSI/);
  const { csiSocket, nodeId } = JSON.parse(await readFile(join(directory, "up.json"), "utf8")) as {
    csiSocket: string;
    nodeId: string;
  };
  const controller = csiClient<ControllerRpcs>("Controller", csiSocket);
  const node = csiClient<NodeRpcs>("Node", csiSocket);
  const staging = (volumeId: string) => join(directory, "staging", volumeId.replace("/", "-"));
  return {
    create: async (name) => {
      const { volume } = await controller.call.CreateVolume({
        name,
        capacity_range: { required_bytes: String(1024 ** 3), limit_bytes: "0" },
        volume_capabilities: [capability],
      });
      return volume?.volume_id ?? "";
    },
    delete: async (volumeId) => {
      await controller.call.DeleteVolume({ volume_id: volumeId });
    },
    publishAndStage: async (volumeId) => {
      const request = { volume_id: volumeId, volume_capability: capability };
      const published = await controller.call.ControllerPublishVolume({ ...request, node_id: nodeId });
      await mkdir(staging(volumeId), { recursive: true });
      await node.call.NodeStageVolume({
        ...request,
        publish_context: published.publish_context ?? {},
        staging_target_path: staging(volumeId),
      });
    },
    unstageAndUnpublish: async (volumeId) => {
      await node.call.NodeUnstageVolume({ volume_id: volumeId, staging_target_path: staging(volumeId) });
      await controller.call.ControllerUnpublishVolume({ volume_id: volumeId, node_id: nodeId });
    },
    capacity: async () => {
      await controller.call.GetCapacity({});
    },
    list: async () => {
      let count = 0;
      for (let token = ""; ;) {
        const page = await controller.call.ListVolumes({ starting_token: token });
        count += page.entries?.length ?? 0;
        token = page.next_token ?? "";
        if (token === "") return count;
      }
    },
    listPage: async () => {
      await controller.call.ListVolumes({ max_entries: 100 });
    },
    stop: async () => {
      controller.close();
      node.close();
      await up.kill("SIGTERM");
    },
  };
}
