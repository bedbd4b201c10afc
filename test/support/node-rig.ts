import { randomUUID } from "node:crypto";
import { stat, truncate } from "node:fs/promises";
import { encodePublishContext, type VmbusAddress } from "../../src/agent-client/disk-address.ts";
import type { VolumeCapability__Output } from "../../src/csi/generated/csi/v1/VolumeCapability.ts";
import type { CsiCall } from "../../src/csi/rpc.ts";
import type { LoopDevice } from "../../src/kit/loop-devices.ts";
import { KeyedLocks } from "../../src/kit/locks.ts";
import { run } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { linuxGuest } from "../../src/node/linux/linux-guest.ts";
import { thisVm } from "../../src/node/linux/this-vm.ts";
import type { Guest } from "../../src/node/guest.ts";
import { settledFacts } from "../../src/node/node-facts.ts";
import { nodeService } from "../../src/node/node.ts";
import type { NodeParts } from "../../src/node/parts.ts";
import { loopAt } from "./device-bytes.ts";
import { exactly, newVolume } from "./engine-rig.ts";
import { context, localRig, type LocalRig } from "./local-rig.ts";

/** A volume attached to the node of a rig, and the paths that its tests use for it. */
export interface AttachedVolume {
  readonly id: string;
  readonly handle: string;
  readonly publishContext: Record<string, string>;
  readonly device: string;
  readonly staging: string;
  readonly target: string;
}

export interface Use {
  readonly access?: "mount" | "block";
  readonly fsType?: string;
  readonly flags?: readonly string[];
  readonly secrets?: Record<string, string>;
  /** What the controller told of the volume, for a publish. */
  readonly context?: Record<string, string>;
  readonly mode?:
    | "SINGLE_NODE_WRITER"
    | "SINGLE_NODE_READER_ONLY"
    | "SINGLE_NODE_SINGLE_WRITER"
    | "SINGLE_NODE_MULTI_WRITER";
}

/** How a pod uses a volume: by default writable, mounted, with the driver's own choice of file system. */
export function capability(use: Use = {}): VolumeCapability__Output {
  const { access = "mount", fsType = "", flags = [], mode = "SINGLE_NODE_WRITER" } = use;
  const mount = { fs_type: fsType, mount_flags: [...flags], volume_mount_group: "" };
  return { ...(access === "block" ? { block: {} } : { mount }), access_mode: { mode } };
}

/** Puts a volume's device where a guest on Hyper-V would see the disk. */
export interface Plug {
  readonly plugIn: (volumeId: string, loop: LoopDevice, readOnly: boolean) => Promise<VmbusAddress>;
  readonly pullOut?: (volumeId: string) => Promise<void>;
}

/** The node service of the rig's first VM over its real guest, with a call for each RPC that fills a request. */
export class NodeRig {
  readonly local: LocalRig;
  readonly parts: NodeParts;
  readonly #node: ReturnType<typeof nodeService>;
  readonly #plug: Plug | undefined;
  /** Bytes of a volume of which nothing is said. */
  readonly usual: bigint;

  /** `plug` lets the node see an attached disk at another address than the local host's. */
  constructor(
    local: LocalRig,
    guest: Guest = linuxGuest(thisVm(local.vms[0].id)),
    plug?: Plug,
    usual = 16n * MiB,
  ) {
    this.usual = usual;
    this.local = local;
    this.#plug = plug;
    this.parts = {
      guest,
      locks: new KeyedLocks(),
      facts: settledFacts(local.vms[0].id, "test", 256),
      names: { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" },
    };
    this.#node = nodeService(this.parts);
  }

  /** Creates a volume and attaches it to the node. */
  async volume(size = this.usual, readOnly = false): Promise<AttachedVolume> {
    const { id } = await this.local.engine.createVolume(newVolume(randomUUID(), exactly(size)), context());
    return await this.attach(id, readOnly);
  }

  async attach(id: string, readOnly = false): Promise<AttachedVolume> {
    const { address } = await this.local.engine.attach(
      this.local.vms[0].id,
      id,
      readOnly,
      undefined,
      context(),
    );
    return {
      id,
      handle: `test/${id}`,
      publishContext: encodePublishContext(
        (await this.#plug?.plugIn(id, loopAt(address), readOnly)) ?? address,
      ),
      device: loopAt(address).device,
      staging: this.local.path(`staging-${id}`),
      target: this.local.path("pods", id, "target"),
    };
  }

  async detach(volume: AttachedVolume): Promise<void> {
    await this.local.engine.detach(this.local.vms[0].id, volume.id, context());
    await this.#plug?.pullOut?.(volume.id);
  }

  /** Lets disk and device grow, as the controller does before the node is asked. */
  async grow(volume: AttachedVolume, size: bigint): Promise<void> {
    await this.local.engine.expandVolume(volume.id, { required: size, limit: undefined }, context());
  }

  /** Makes the volume's file shorter, so that its device can't read its end. */
  async cutOff(volume: AttachedVolume, bytes: bigint): Promise<void> {
    const { path } = await this.local.engine.getVolume(volume.id, this.call());
    await truncate(path, (await stat(path)).size - Number(bytes));
    await run("blockdev", ["--flushbufs", volume.device]);
  }

  stage(volume: AttachedVolume, use: Use = {}, path = volume.staging, volumeContext = {}) {
    return this.#node.NodeStageVolume(
      {
        volume_id: volume.handle,
        publish_context: volume.publishContext,
        staging_target_path: path,
        volume_capability: capability(use),
        secrets: use.secrets ?? {},
        volume_context: volumeContext,
      },
      this.call(),
    );
  }

  unstage(volume: AttachedVolume, path = volume.staging) {
    return this.#node.NodeUnstageVolume({ volume_id: volume.handle, staging_target_path: path }, this.call());
  }

  publish(
    volume: AttachedVolume,
    use: Use & { readonly readOnly?: boolean } = {},
    path = volume.target,
    staging = volume.staging,
  ) {
    return this.#node.NodePublishVolume(
      {
        volume_id: volume.handle,
        publish_context: volume.publishContext,
        staging_target_path: staging,
        target_path: path,
        volume_capability: capability(use),
        readonly: use.readOnly ?? false,
        secrets: {},
        volume_context: use.context ?? {},
      },
      this.call(),
    );
  }

  unpublish(volume: AttachedVolume, path = volume.target) {
    return this.#node.NodeUnpublishVolume({ volume_id: volume.handle, target_path: path }, this.call());
  }

  expand(volume: AttachedVolume, path: string, required: bigint, secrets: Record<string, string> = {}) {
    return this.#node.NodeExpandVolume(
      {
        volume_id: volume.handle,
        volume_path: path,
        capacity_range: { required_bytes: String(required), limit_bytes: "0" },
        staging_target_path: "",
        volume_capability: null,
        secrets,
      },
      this.call(),
    );
  }

  async health(volume: AttachedVolume, staging = volume.staging, publish = volume.target) {
    const { volume_health } = await this.#node.NodeGetVolumeHealth(
      { volume_id: volume.handle, staging_target_path: staging, volume_publish_path: publish },
      this.call(),
    );
    return (volume_health?.health_statuses ?? []).map(({ status, reason, message }) => ({
      status,
      reason,
      message: message ?? "",
    }));
  }

  async stats(volume: AttachedVolume, path: string) {
    const { usage = [], volume_condition: condition } = await this.#node.NodeGetVolumeStats(
      { volume_id: volume.handle, volume_path: path, staging_target_path: "" },
      this.call(),
    );
    const sizes = (unit: string) => {
      const found = usage.find((each) => each.unit === unit);
      return (
        found && { total: Number(found.total), used: Number(found.used), available: Number(found.available) }
      );
    };
    return { bytes: sizes("BYTES"), inodes: sizes("INODES"), condition };
  }

  call(): CsiCall {
    return { ...context(), deadline: performance.now() + 60_000 };
  }
}

/** A node and its host for the tests of one `describe`. */
export function nodeRig(): NodeRig {
  return new NodeRig(localRig());
}
