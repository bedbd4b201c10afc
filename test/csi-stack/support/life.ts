import { randomBytes } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MiB } from "../../../src/kit/sizes.ts";
import { readBytes, writeBytes } from "../../support/device-bytes.ts";
import { capability, type Use } from "../../support/node-rig.ts";
import { type Driver, placesOf } from "./driver.ts";

const MARKER_BYTES = 4096;

/** A disk in the life of a volume: the volume itself, or the one that is restored from its snapshot. */
interface Disk {
  readonly name: string;
  id: string;
  publishContext: Record<string, string>;
  /** True while its target shows it. */
  isShown: boolean;
}

/** One volume, from its creation to the end of the copy that was restored from its snapshot. */
export class Life {
  readonly use: Use;
  readonly disk: Disk;
  readonly copy: Disk;
  readonly marker = randomBytes(MARKER_BYTES);
  snapshotId = "";
  readonly #driver: Driver;

  constructor(driver: Driver, name: string, use: Use) {
    this.#driver = driver;
    this.use = use;
    this.disk = { name, id: "", publishContext: {}, isShown: false };
    this.copy = { name: `${name}-copy`, id: "", publishContext: {}, isShown: false };
  }

  /** Bytes at first, and after the expansion. */
  get sizes(): readonly [bigint, bigint] {
    return this.use.fsType === "xfs" ? [320n * MiB, 384n * MiB] : [16n * MiB, 32n * MiB];
  }

  async create(disk: Disk, source?: { snapshot: { snapshot_id: string } }): Promise<unknown> {
    const answer = await this.#driver.controller.CreateVolume({
      name: disk.name,
      capacity_range: { required_bytes: String(this.sizes[0]), limit_bytes: "0" },
      volume_capabilities: [capability(this.use)],
      ...(source === undefined ? {} : { volume_content_source: source }),
    });
    disk.id = answer.volume?.volume_id ?? "";
    return answer;
  }

  async attach(disk: Disk): Promise<unknown> {
    const answer = await this.#driver.controller.ControllerPublishVolume({
      volume_id: disk.id,
      node_id: this.#driver.vms[0],
      volume_capability: capability(this.use),
    });
    disk.publishContext = answer.publish_context ?? {};
    return answer;
  }

  async stage(disk: Disk): Promise<unknown> {
    const { staging } = placesOf(this.#driver, disk.name);
    await mkdir(staging, { recursive: true });
    return await this.#driver.node.NodeStageVolume(this.#staged(disk));
  }

  async show(disk: Disk): Promise<unknown> {
    const { target } = placesOf(this.#driver, disk.name);
    const answer = await this.#driver.node.NodePublishVolume({ ...this.#staged(disk), target_path: target });
    disk.isShown = true;
    return answer;
  }

  /** What a pod does: its marker is durable when this ends. */
  async write(disk: Disk): Promise<void> {
    const { target } = placesOf(this.#driver, disk.name);
    if (this.use.access === "block") {
      await writeBytes(target, 8192, this.marker);
      return;
    }
    const file = await open(join(target, "marker"), "w");
    await file.write(this.marker);
    await file.sync();
    await file.close();
  }

  /** The marker as the pod reads it now. */
  async read(disk: Disk): Promise<Buffer> {
    const { target } = placesOf(this.#driver, disk.name);
    return this.use.access === "block"
      ? await readBytes(target, 8192, MARKER_BYTES)
      : await readFile(join(target, "marker"));
  }

  expandDisk(disk: Disk): Promise<unknown> {
    return this.#driver.controller.ControllerExpandVolume({ volume_id: disk.id, ...this.#larger() });
  }

  expandFileSystem(disk: Disk): Promise<unknown> {
    const { target } = placesOf(this.#driver, disk.name);
    return this.#driver.node.NodeExpandVolume({
      volume_id: disk.id,
      volume_path: target,
      volume_capability: capability(this.use),
      ...this.#larger(),
    });
  }

  async snapshot(disk: Disk): Promise<unknown> {
    const request = { name: disk.name, source_volume_id: disk.id };
    const answer = await this.#driver.controller.CreateSnapshot(request);
    this.snapshotId = answer.snapshot?.snapshot_id ?? "";
    return answer;
  }

  hide(disk: Disk): Promise<unknown> {
    disk.isShown = false;
    const { target } = placesOf(this.#driver, disk.name);
    return this.#driver.node.NodeUnpublishVolume({ volume_id: disk.id, target_path: target });
  }

  unstage(disk: Disk): Promise<unknown> {
    const { staging } = placesOf(this.#driver, disk.name);
    return this.#driver.node.NodeUnstageVolume({ volume_id: disk.id, staging_target_path: staging });
  }

  async detach(disk: Disk): Promise<unknown> {
    disk.publishContext = {};
    const request = { volume_id: disk.id, node_id: this.#driver.vms[0] };
    return await this.#driver.controller.ControllerUnpublishVolume(request);
  }

  delete(disk: Disk): Promise<unknown> {
    return this.#driver.controller.DeleteVolume({ volume_id: disk.id });
  }

  deleteSnapshot(): Promise<unknown> {
    return this.#driver.controller.DeleteSnapshot({ snapshot_id: this.snapshotId });
  }

  #staged(disk: Disk) {
    const { staging } = placesOf(this.#driver, disk.name);
    return {
      volume_id: disk.id,
      publish_context: disk.publishContext,
      staging_target_path: staging,
      volume_capability: capability(this.use),
    };
  }

  #larger() {
    return { capacity_range: { required_bytes: String(this.sizes[1]), limit_bytes: "0" } };
  }
}

export interface Step {
  readonly name: string;
  readonly call: (life: Life) => Promise<unknown>;
}

/** The calls of a life, in their order. */
export const steps: readonly Step[] = [
  { name: "CreateVolume", call: (life) => life.create(life.disk) },
  { name: "ControllerPublishVolume", call: (life) => life.attach(life.disk) },
  { name: "NodeStageVolume", call: (life) => life.stage(life.disk) },
  { name: "NodePublishVolume", call: (life) => life.show(life.disk) },
  { name: "a write", call: (life) => life.write(life.disk) },
  { name: "ControllerExpandVolume", call: (life) => life.expandDisk(life.disk) },
  { name: "NodeExpandVolume", call: (life) => life.expandFileSystem(life.disk) },
  { name: "CreateSnapshot", call: (life) => life.snapshot(life.disk) },
  { name: "NodeUnpublishVolume", call: (life) => life.hide(life.disk) },
  { name: "NodeUnstageVolume", call: (life) => life.unstage(life.disk) },
  { name: "ControllerUnpublishVolume", call: (life) => life.detach(life.disk) },
  { name: "DeleteVolume", call: (life) => life.delete(life.disk) },
  {
    name: "CreateVolume of the snapshot",
    call: (life) => life.create(life.copy, { snapshot: { snapshot_id: life.snapshotId } }),
  },
  { name: "DeleteSnapshot", call: (life) => life.deleteSnapshot() },
  { name: "ControllerPublishVolume of the copy", call: (life) => life.attach(life.copy) },
  { name: "NodeStageVolume of the copy", call: (life) => life.stage(life.copy) },
  { name: "NodePublishVolume of the copy", call: (life) => life.show(life.copy) },
  { name: "NodeUnpublishVolume of the copy", call: (life) => life.hide(life.copy) },
  { name: "NodeUnstageVolume of the copy", call: (life) => life.unstage(life.copy) },
  { name: "ControllerUnpublishVolume of the copy", call: (life) => life.detach(life.copy) },
  { name: "DeleteVolume of the copy", call: (life) => life.delete(life.copy) },
];
