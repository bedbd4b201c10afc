import { randomUUID } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { StatusError } from "../../../src/kit/errors.ts";
import { readMountTable } from "../../../src/kit/mount-table.ts";
import { unlessGone } from "../../../src/kit/unless-gone.ts";
import { testCall } from "../../support/agent.ts";
import { capability } from "../../support/node-rig.ts";
import type { Random } from "../../support/random.ts";
import { type Driver, placesOf } from "../support/driver.ts";
import { type Ended, possibleStates } from "./explain.ts";
import { type Asked, type CallName, calls, SIZE, type State, type Told } from "./model.ts";

const MiB = 2 ** 20;
const use = { volume_capability: capability({ fsType: "xfs" }) };
/** Those that bring a volume to a pod and back come more often. */
const menu: readonly CallName[] = [...calls, "create", "attach", "attach", "stage", "stage", "show", "show"];

/** One volume with its snapshot and copy: issues salvos of calls of them, and holds the answers against the model. */
export class Slot {
  state: State = { volume: undefined, snapshot: undefined, copy: undefined };
  readonly counts = new Map<string, number>();
  readonly #driver: Driver;
  readonly #name: string;
  readonly #random: Random;
  #volumeId = `test/${randomUUID()}`;
  #snapshotId = `test/${randomUUID()}`;
  #copyId = `test/${randomUUID()}`;
  /** What an attach answered, by volume id. */
  readonly #publishContexts = new Map<string, Record<string, string>>();
  #writes = 0;

  constructor(driver: Driver, name: string, random: Random) {
    this.#driver = driver;
    this.#name = name;
    this.#random = random;
  }

  /** Issues calls at once, and finds out what they left. @throws Error when no order of them explains what they were told */
  async salvo(count: number): Promise<void> {
    const asked = Array.from({ length: count }, () => this.#any());
    const ended = await Promise.all(
      asked.map(async (each) => ({ asked: each, told: await this.#end(each) })),
    );
    await this.#settle(ended);
  }

  /** One call that must be answered with OK. */
  async must(call: CallName): Promise<void> {
    const asked = this.#asked(call);
    const told = await this.#end(asked);
    if (told.code !== "OK")
      throw new Error(`${this.#name}: ${call} ended with ${told.code}: ${told.text ?? ""}`);
    await this.#settle([{ asked, told }]);
  }

  /** Shows the copy, which holds what the volume held when its snapshot was cut, and deletes it. */
  async endCopy(): Promise<void> {
    const { copy } = this.state;
    if (copy?.marker !== undefined) {
      const { controller, node, vms, path } = this.#driver;
      const request = { volume_id: copy.id, ...use };
      const { publish_context = {} } = await controller.ControllerPublishVolume({
        ...request,
        node_id: vms[0],
      });
      const staging = path("pods", `${this.#name}-copy`);
      await mkdir(staging, { recursive: true });
      await node.NodeStageVolume({ ...request, publish_context, staging_target_path: staging });
      const marker = await readFile(join(staging, "marker"), "utf8");
      if (marker !== copy.marker)
        throw new Error(`${this.#name}: its copy holds ${marker}, not ${copy.marker}`);
      await node.NodeUnstageVolume({ volume_id: copy.id, staging_target_path: staging });
      await controller.ControllerUnpublishVolume({ volume_id: copy.id, node_id: vms[0] });
    }
    await this.must("deleteCopy");
  }

  #any(): Asked {
    const call = this.#random.pick(menu);
    // Without what an attach answers there is nothing to stage.
    const asked = this.#asked(call);
    const needsContext = call === "stage" || call === "show";
    return needsContext && !this.#publishContexts.has(asked.volumeId) ? { ...asked, call: "attach" } : asked;
  }

  #asked(call: CallName): Asked {
    const { volume, snapshot, copy } = this.state;
    this.#volumeId = volume?.id ?? this.#volumeId;
    this.#snapshotId = snapshot?.id ?? this.#snapshotId;
    this.#copyId = copy?.id ?? this.#copyId;
    const size = String(Number(SIZE) + 32 * MiB * this.#random.below(6));
    return { call, volumeId: this.#volumeId, snapshotId: this.#snapshotId, copyId: this.#copyId, size };
  }

  async #end(asked: Asked): Promise<Told> {
    let told: Told;
    try {
      told = { code: "OK", ...(await this.#call(asked)) };
    } catch (error) {
      const { code, message } = StatusError.from(error);
      told = { code, text: message };
    }
    const key = `${asked.call} ${told.code}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    return told;
  }

  async #call({
    call,
    volumeId: volume_id,
    snapshotId: snapshot_id,
    copyId,
    size,
  }: Asked): Promise<Partial<Told>> {
    const { controller, node, vms } = this.#driver;
    const node_id = vms[0];
    const { staging, target } = placesOf(this.#driver, this.#name);
    const publish_context = this.#publishContexts.get(volume_id) ?? {};
    const staged = { volume_id, publish_context, staging_target_path: staging, ...use };
    const capabilities = { volume_capabilities: [use.volume_capability] };
    switch (call) {
      case "create": {
        const capacity_range = { required_bytes: SIZE, limit_bytes: "0" };
        const { volume } = await controller.CreateVolume({
          name: this.#name,
          capacity_range,
          ...capabilities,
        });
        return toldOf(volume?.volume_id, volume?.capacity_bytes);
      }
      case "delete":
        await controller.DeleteVolume({ volume_id });
        return {};
      case "attach": {
        const attached = await controller.ControllerPublishVolume({ volume_id, node_id, ...use });
        this.#publishContexts.set(volume_id, attached.publish_context ?? {});
        return {};
      }
      case "detach":
        await controller.ControllerUnpublishVolume({ volume_id, node_id });
        return {};
      case "stage":
        await mkdir(staging, { recursive: true });
        await node.NodeStageVolume(staged);
        return {};
      case "unstage":
        await node.NodeUnstageVolume({ volume_id, staging_target_path: staging });
        return {};
      case "show":
        await node.NodePublishVolume({ ...staged, target_path: target });
        return {};
      case "hide":
        await node.NodeUnpublishVolume({ volume_id, target_path: target });
        return {};
      case "expandDisk": {
        const capacity_range = { required_bytes: size, limit_bytes: "0" };
        return toldOf(
          undefined,
          (await controller.ControllerExpandVolume({ volume_id, capacity_range })).capacity_bytes,
        );
      }
      case "expandFileSystem":
        return toldOf(
          undefined,
          (await node.NodeExpandVolume({ volume_id, volume_path: target })).capacity_bytes,
        );
      case "stats": {
        const { usage = [] } = await node.NodeGetVolumeStats({ volume_id, volume_path: target });
        return toldOf(undefined, usage[0]?.total);
      }
      case "get":
        return toldOf(
          undefined,
          (await controller.ControllerGetVolume({ volume_id })).volume?.capacity_bytes,
        );
      case "list": {
        const { entries = [] } = await controller.ListVolumes({});
        const entry = entries.find(({ volume }) => volume?.volume_id === volume_id);
        return toldOf(undefined, entry?.volume?.capacity_bytes);
      }
      case "snapshot": {
        const { snapshot } = await controller.CreateSnapshot({
          name: this.#name,
          source_volume_id: volume_id,
        });
        return toldOf(snapshot?.snapshot_id, snapshot?.size_bytes);
      }
      case "deleteSnapshot":
        await controller.DeleteSnapshot({ snapshot_id });
        return {};
      case "restore": {
        const volume_content_source = { snapshot: { snapshot_id } };
        const request = { name: `${this.#name}-copy`, volume_content_source, ...capabilities };
        const { volume } = await controller.CreateVolume(request);
        return toldOf(volume?.volume_id, volume?.capacity_bytes);
      }
      case "deleteCopy":
        await controller.DeleteVolume({ volume_id: copyId });
        return {};
    }
  }

  async #settle(ended: readonly Ended[]): Promise<void> {
    const possible = possibleStates(this.state, ended);
    const seen = await this.#observe();
    const next = possible.find((state) => JSON.stringify(visible(state)) === JSON.stringify(seen));
    if (next === undefined) {
      throw new Error(
        [
          `${this.#name}: no order of its calls explains what they were told and left`,
          `before: ${JSON.stringify(this.state)}`,
          ...ended.map(({ asked, told }) => JSON.stringify({ ...asked, told })),
          `possible: ${JSON.stringify(possible.map(visible))}`,
          `seen: ${JSON.stringify(seen)}`,
        ].join("\n"),
      );
    }
    this.state = next;
    if (next.volume?.shown === true) await this.#write(next.volume.marker);
  }

  /** What agent and kernel say that there is, while no call is at work. */
  async #observe(): Promise<Seen> {
    const { client } = this.#driver.agent;
    const volume = await unlessGone(client.getVolume(this.#name, testCall()));
    const attachments = volume && (await client.attachmentsOf(volume.id, testCall()));
    const snapshot = await unlessGone(client.getSnapshot(this.#name, testCall()));
    const copy = await unlessGone(client.getVolume(`${this.#name}-copy`, testCall()));
    const mounts = await readMountTable();
    const { staging, target } = placesOf(this.#driver, this.#name);
    return {
      volume: volume && `test/${volume.id} ${volume.size}`,
      attached: attachments?.map(({ VmId }) => VmId).join() === this.#driver.vms[0],
      staged: mounts.filter(({ mountPoint }) => mountPoint === staging).length,
      shown: mounts.filter(({ mountPoint }) => mountPoint === target).length,
      snapshot: snapshot && `test/${snapshot.id} ${snapshot.size}`,
      copy: copy && `test/${copy.id} ${copy.size}`,
    };
  }

  /** Reads what was written last, and writes something new, durably. */
  async #write(marker: string | undefined): Promise<void> {
    const path = join(placesOf(this.#driver, this.#name).target, "marker");
    if (marker !== undefined && (await readFile(path, "utf8")) !== marker)
      throw new Error(`${this.#name}: what was written last is not there`);
    const next = `${this.#name} ${this.#writes++}`;
    const file = await open(path, "w");
    await file.write(next);
    await file.sync();
    await file.close();
    this.state = { ...this.state, volume: { ...this.state.volume!, marker: next } };
  }
}

interface Seen {
  readonly volume: string | undefined;
  readonly attached: boolean;
  readonly staged: number;
  readonly shown: number;
  readonly snapshot: string | undefined;
  readonly copy: string | undefined;
}

/** What of a state can be seen from outside. */
function visible({ volume, snapshot, copy }: State): Seen {
  const told = (disk: { id: string; size: string } | undefined) => disk && `${disk.id} ${disk.size}`;
  return {
    volume: told(volume),
    attached: volume?.attached ?? false,
    staged: Number(volume?.staged ?? false),
    shown: Number(volume?.shown ?? false),
    snapshot: told(snapshot),
    copy: told(copy),
  };
}

function toldOf(id: string | undefined, size: unknown): Partial<Told> {
  return {
    ...(id === undefined ? {} : { id }),
    ...(size === undefined ? {} : { size: size as string }),
  };
}
