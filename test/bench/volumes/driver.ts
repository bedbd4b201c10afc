import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { csiClient } from "../../../src/csi/client.ts";
import type { ControllerRpcs, NodeRpcs } from "../../../src/csi/rpc.ts";
import { bundlePath } from "../../../scripts/build.ts";
import { RoleProcesses, roles } from "../../support/role-processes.ts";

/**
 * A driver under load: agent, controller and node from the bundle, each a process of its own as in a cluster, called over
 * their sockets as Kubernetes would. Any error of a call rejects.
 */
export interface BenchDriver {
  /** @param size in MiB. A pool promises no more than it has free. */
  create(name: string, size: number): Promise<string>;
  delete(volumeId: string): Promise<void>;
  /** Attaches the volume; what it answers is given to `stage`. */
  attach(volumeId: string): Promise<PublishContext>;
  detach(volumeId: string): Promise<void>;
  stage(volumeId: string, context: PublishContext): Promise<void>;
  unstage(volumeId: string): Promise<void>;
  publish(volumeId: string, context: PublishContext): Promise<void>;
  unpublish(volumeId: string): Promise<void>;
  capacity(): Promise<void>;
  /** Pages through all volumes and returns how many there are. */
  list(): Promise<number>;
  /** One page of a hundred. */
  listPage(): Promise<void>;
  stop(): Promise<void>;
}

export type PublishContext = Readonly<Record<string, string>>;

const capability = {
  mount: { fs_type: "ext4", mount_flags: [], volume_mount_group: "" },
  access_mode: { mode: "SINGLE_NODE_WRITER" as const },
};

export async function startDriver(directory: string): Promise<BenchDriver> {
  const path = (...parts: string[]) => join(directory, ...parts);
  await mkdir(path("pods"), { recursive: true });
  const nodeId = randomUUID();
  const processes = new RoleProcesses({ program: bundlePath, path, pool: path("pool"), vms: [nodeId] });
  for (const role of roles) await processes.start(role);
  const clients = {
    controller: csiClient<ControllerRpcs>("Controller", processes.socket("controller")),
    node: csiClient<NodeRpcs>("Node", processes.socket("node")),
  };
  const [controller, node] = [clients.controller.call, clients.node.call];
  const at = (kind: string, volumeId: string) => path(kind, volumeId.replace("/", "-"));
  const staging = (volumeId: string) => at("staging", volumeId);
  const target = (volumeId: string) => at("pods", volumeId);
  return {
    create: async (name, size) => {
      const { volume } = await controller.CreateVolume({
        name,
        capacity_range: { required_bytes: String(size * 1024 ** 2), limit_bytes: "0" },
        volume_capabilities: [capability],
      });
      return volume?.volume_id ?? "";
    },
    delete: async (volumeId) => {
      await controller.DeleteVolume({ volume_id: volumeId });
    },
    attach: async (volumeId) => {
      const request = { volume_id: volumeId, volume_capability: capability, node_id: nodeId };
      // As kubelet makes it before it stages.
      await mkdir(staging(volumeId), { recursive: true });
      return (await controller.ControllerPublishVolume(request)).publish_context ?? {};
    },
    detach: async (volumeId) => {
      await controller.ControllerUnpublishVolume({ volume_id: volumeId, node_id: nodeId });
    },
    stage: async (volumeId, context) => {
      await node.NodeStageVolume({
        volume_id: volumeId,
        volume_capability: capability,
        publish_context: context,
        staging_target_path: staging(volumeId),
      });
    },
    unstage: async (volumeId) => {
      await node.NodeUnstageVolume({ volume_id: volumeId, staging_target_path: staging(volumeId) });
    },
    publish: async (volumeId, context) => {
      await node.NodePublishVolume({
        volume_id: volumeId,
        volume_capability: capability,
        publish_context: context,
        staging_target_path: staging(volumeId),
        target_path: target(volumeId),
      });
    },
    unpublish: async (volumeId) => {
      await node.NodeUnpublishVolume({ volume_id: volumeId, target_path: target(volumeId) });
    },
    capacity: async () => {
      await controller.GetCapacity({});
    },
    list: async () => {
      let count = 0;
      for (let token = ""; ;) {
        const page = await controller.ListVolumes({ starting_token: token });
        count += page.entries?.length ?? 0;
        token = page.next_token ?? "";
        if (token === "") return count;
      }
    },
    listPage: async () => {
      await controller.ListVolumes({ max_entries: 100 });
    },
    stop: async () => {
      clients.controller.close();
      clients.node.close();
      for (const role of roles.toReversed()) await processes.kill(role, "SIGTERM");
    },
  };
}
