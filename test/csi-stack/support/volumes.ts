import { randomUUID } from "node:crypto";
import type { Calls } from "../../../src/csi/client.ts";
import type { ControllerRpcs } from "../../../src/csi/rpc.ts";
import { capability } from "../../support/node-rig.ts";

/** What tests ask of a controller, by volume handle and VM id. */
export class Volumes {
  readonly #call: Calls<ControllerRpcs>;

  constructor(call: Calls<ControllerRpcs>) {
    this.#call = call;
  }

  /** Makes a small volume and returns its handle. */
  async make(name: string = randomUUID(), size = 8 * 2 ** 20): Promise<string> {
    const { volume } = await this.#call.CreateVolume({
      name,
      capacity_range: { required_bytes: String(size), limit_bytes: "0" },
      volume_capabilities: [capability({ access: "block" })],
    });
    return volume?.volume_id ?? "";
  }

  async publish(volume_id: string, node_id: string): Promise<Record<string, string>> {
    const volume_capability = capability({ access: "block" });
    const { publish_context = {} } = await this.#call.ControllerPublishVolume({
      volume_id,
      node_id,
      volume_capability,
    });
    return publish_context;
  }

  async unpublish(volume_id: string, node_id: string): Promise<void> {
    await this.#call.ControllerUnpublishVolume({ volume_id, node_id });
  }

  /** Where each volume is published, as the list tells it. */
  async listed(): Promise<Record<string, string[]>> {
    const { entries = [] } = await this.#call.ListVolumes({});
    return Object.fromEntries(
      entries.map(({ volume, status }) => [volume?.volume_id ?? "", status?.published_node_ids ?? []]),
    );
  }

  /** Where a volume is published, as it is told of itself. */
  async nodesOf(volume_id: string): Promise<string[]> {
    const { status } = await this.#call.ControllerGetVolume({ volume_id });
    return status?.published_node_ids ?? [];
  }
}

/** The volume id in a handle. */
export function idIn(handle: string): string {
  return handle.slice(handle.indexOf("/") + 1);
}
