import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Calls, csiClient, type CsiClient } from "../../src/csi/client.ts";
import type { ControllerRpcs, GroupControllerRpcs } from "../../src/csi/rpc.ts";
import { StatusError } from "../../src/kit/errors.ts";
import { readDisk, writeDisk } from "../support/disk-content.ts";
import { expectFailure } from "../support/failure.ts";
import { capability } from "../support/node-rig.ts";
import { drivers } from "./support/driver.ts";
import { leftBehind } from "./support/nothing-left.ts";
import { freezeInACopy, idle, onExt4, thaw } from "./support/slow-pool.ts";

const SIZE = 512 * 2 ** 20;
const CHUNK = 32 * 2 ** 20;
/** What a caller waits who does not wait for long, in milliseconds. */
const HURRY_MS = 5000;

/** Whoever asks for copies: with the driver's own clients, or with hurried ones. */
interface Caller {
  readonly controller: Calls<ControllerRpcs>;
  readonly groups: Calls<GroupControllerRpcs>;
}

interface Copying {
  readonly what: string;
  /** Ends with the ids of what was made. */
  readonly ask: (caller: Caller, source: string) => Promise<string[]>;
  readonly remove: (caller: Caller, ids: string[]) => Promise<unknown>;
}

const copies: readonly Copying[] = [
  {
    what: "a clone",
    ask: async ({ controller }, volume_id) => {
      const { volume } = await controller.CreateVolume({
        name: "clone",
        volume_capabilities: [capability({ access: "block" })],
        volume_content_source: { volume: { volume_id } },
      });
      return [volume?.volume_id ?? ""];
    },
    remove: ({ controller }, [volume_id = ""]) => controller.DeleteVolume({ volume_id }),
  },
  {
    what: "a snapshot",
    ask: async ({ controller }, source_volume_id) => {
      const { snapshot } = await controller.CreateSnapshot({ name: "snapshot", source_volume_id });
      expect(snapshot?.ready_to_use).to.equal(true);
      return [snapshot?.snapshot_id ?? ""];
    },
    remove: ({ controller }, [snapshot_id = ""]) => controller.DeleteSnapshot({ snapshot_id }),
  },
  {
    what: "a group of snapshots",
    ask: async ({ groups }, volume_id) => {
      const request = { name: "group", source_volume_ids: [volume_id] };
      const { group_snapshot: group } = await groups.CreateVolumeGroupSnapshot(request);
      expect(group?.ready_to_use).to.equal(true);
      return [
        group?.group_snapshot_id ?? "",
        ...(group?.snapshots ?? []).map(({ snapshot_id = "" }) => snapshot_id),
      ];
    },
    remove: ({ groups }, [group_snapshot_id = "", ...snapshot_ids]) =>
      groups.DeleteVolumeGroupSnapshot({ group_snapshot_id, snapshot_ids }),
  },
];

describe("a copy that takes longer than its caller waits", function () {
  this.timeout(300_000);
  const driver = drivers(onExt4);
  const chunk = randomBytes(CHUNK);
  let source = "";
  const clients: CsiClient<object>[] = [];

  before(async () => {
    const { volume } = await driver().controller.CreateVolume({
      name: "source",
      capacity_range: { required_bytes: String(SIZE), limit_bytes: "0" },
      volume_capabilities: [capability({ access: "block" })],
    });
    source = volume?.volume_id ?? "";
    const path = join(driver().pool, `source;${guidOf(source)}.vhdx`);
    for (let offset = 0; offset < SIZE; offset += CHUNK) await writeDisk(path, BigInt(offset), chunk);
  });
  afterEach(async () => {
    await thaw(driver());
    for (const client of clients.splice(0)) client.close();
  });

  /** A caller who gives each call little time. */
  function hurried(): Caller {
    const socket = driver().socket("controller");
    const controller = csiClient<ControllerRpcs>("Controller", socket, HURRY_MS);
    const groups = csiClient<GroupControllerRpcs>("GroupController", socket, HURRY_MS);
    clients.push(controller, groups);
    return { controller: controller.call, groups: groups.call };
  }

  /** Handles of all volumes and snapshots that are told. */
  async function listed(): Promise<string[]> {
    const { entries: volumes = [] } = await driver().controller.ListVolumes({});
    const { entries: snapshots = [] } = await driver().controller.ListSnapshots({});
    return [
      ...volumes.map(({ volume }) => volume?.volume_id ?? ""),
      ...snapshots.map(({ snapshot }) => snapshot?.snapshot_id ?? ""),
    ];
  }

  async function expectContent(handle: string): Promise<void> {
    const files = await readdir(driver().pool, { recursive: true });
    const file = files.find((name) => name.endsWith(`;${guidOf(handle)}.vhdx`)) ?? "";
    for (let offset = 0; offset < SIZE; offset += CHUNK) {
      const found = await readDisk(join(driver().pool, file), BigInt(offset), CHUNK);
      expect(found.equals(chunk), `${file} at ${offset}`).to.equal(true);
    }
  }

  /** On a busy machine the caller gives up before it is told. */
  const running = /still running.*repeated|Deadline exceeded/;

  /** Asks again after such a time. */
  async function answered(ask: () => Promise<unknown>): Promise<unknown> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== "DEADLINE_EXCEEDED") throw error;
      }
    }
  }

  for (const { what, ask, remove } of copies) {
    it(`${what}: repeated calls join it, also after a restart of the controller; one results`, async () => {
      const first = ended(ask(hurried(), source));
      await freezeInACopy(driver());
      expect(await first).to.match(running);
      const repeated = answered(() => ask(hurried(), source));
      await expectFailure(repeated, "ABORTED", /\(\d+ %\) is still running/);
      expect(await listed(), "nothing that is half made").to.deep.equal([source]);
      // What it is made of can't change meanwhile, and the answer says why.
      const capacity_range = { required_bytes: String(SIZE), limit_bytes: "0" };
      await expectFailure(
        answered(() => hurried().controller.ControllerExpandVolume({ volume_id: source, capacity_range })),
        "ABORTED",
        /\(\d+ %\), which expand \S+ .* waits for, is still running/,
      );

      await driver().kill("controller");
      await driver().start("controller");
      const joined = [ask(driver(), source), ask(driver(), source)];
      expect(await ended(ask(hurried(), source))).to.match(running);
      await thaw(driver());
      const [made = [], again] = await Promise.all(joined);
      expect(again).to.deep.equal(made);
      expect(await ask(driver(), source)).to.deep.equal(made);
      const told = made.length === 1 ? made : made.slice(1);
      expect(await listed()).to.have.members([source, ...told]);
      for (const handle of told) await expectContent(handle);
      await remove(driver(), made);
      expect(await listed()).to.deep.equal([source]);
    });

    it(`${what}: whoever comes back much later finds it whole, and can remove it`, async () => {
      const gone = ended(ask(hurried(), source));
      await freezeInACopy(driver());
      expect(await gone).to.match(running);
      await thaw(driver());
      await idle(driver());
      const found = await listed();
      expect(found).to.have.lengthOf(2);
      const made = await ask(driver(), source);
      expect([source, ...made]).to.include.members(found);
      await remove(driver(), made);
      expect(await listed()).to.deep.equal([source]);
    });

    it(`${what}: an agent killed in the middle leaves nothing of it, and makes it when asked again`, async () => {
      const cut = ended(ask(driver(), source));
      await freezeInACopy(driver());
      const killed = driver().kill("agent");
      await thaw(driver());
      await killed;
      await cut;
      await driver().start("agent");
      expect(await listed()).to.deep.equal([source]);
      expect(await readdir(join(driver().pool, ".tmp"))).to.deep.equal([]);
      await remove(driver(), await ask(driver(), source));
    });
  }

  it("leaves nothing behind", async () => {
    await driver().controller.DeleteVolume({ volume_id: source });
    expect(await leftBehind(driver())).to.deep.equal([]);
  });
});

/** How a call ended that is looked at later. */
function ended(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "OK",
    (error: unknown) => String(error),
  );
}

function guidOf(handle: string): string {
  return handle.slice(handle.indexOf("/") + 1);
}
