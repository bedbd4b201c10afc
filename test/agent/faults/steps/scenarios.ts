import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "../../../../src/agent/engine/engine.ts";
import type { NewVolume, Volume } from "../../../../src/agent/engine/model.ts";
import { codeOf } from "../../../support/failure.ts";
import { writeDisk } from "../../../support/disk-content.ts";
import { call, type Place, transferOf } from "./place.ts";

const MIB = 1n << 20n;
export const SIZE = 8n * MIB;
/** Fills the first bytes of every disk that a scenario prepares. */
export const CONTENT = 7;
export const CONTENT_BYTES = 64 * 1024;

/** Ids by what they are of; what `prepare` hands to `change`, through another process's command line. */
export type Ids = Readonly<Record<string, string>>;

/** A mutating operation of the engine. */
export interface Scenario {
  readonly name: string;
  readonly prepare: (engine: Engine, place: Place) => Promise<Ids>;
  /** Asks for the change; may be asked again after it was done or half done. */
  readonly change: (engine: Engine, ids: Ids, place: Place) => Promise<unknown>;
  /** Names of all volumes afterwards, with their sizes and whether they hold the content. */
  readonly volumes: Readonly<Record<string, { readonly size: bigint; readonly full: boolean }>>;
  /** How many there are afterwards; none unless it is said. */
  readonly snapshots?: number;
  readonly retentionMs?: number;
  /** What else must hold. */
  readonly holds?: (engine: Engine, ids: Ids, place: Place) => Promise<boolean>;
}

const exactly = (required: bigint) => ({ required, limit: undefined });
const wanted = (name: string, more: Partial<NewVolume> = {}): NewVolume => ({
  name,
  size: exactly(SIZE),
  pool: "one",
  type: undefined,
  source: undefined,
  labels: {},
  attributes: {},
  ...more,
});

async function fullVolume(engine: Engine, name = "data"): Promise<Volume> {
  const volume = await engine.createVolume(wanted(name, { labels: { kept: "yes" } }), call());
  await writeDisk(volume.path, 0n, Buffer.alloc(CONTENT_BYTES, CONTENT));
  return volume;
}

const prepareVolume = async (engine: Engine): Promise<Ids> => ({ data: (await fullVolume(engine)).id });

const prepareAttached = async (engine: Engine, { vmId }: Place): Promise<Ids> => {
  const { id } = await fullVolume(engine);
  await engine.attach(vmId, id, false, "/data", call());
  return { data: id };
};

const prepareSnapshot = async (engine: Engine): Promise<Ids> => {
  const { id } = await fullVolume(engine);
  const snapshot = await engine.createSnapshot({ name: "cut", sourceVolumeId: id, labels: {} }, call());
  return { data: id, cut: snapshot.id };
};

const prepareTwo = async (engine: Engine): Promise<Ids> => ({
  data: (await fullVolume(engine)).id,
  more: (await fullVolume(engine, "more")).id,
});

const full = { size: SIZE, full: true } as const;
const empty = { size: SIZE, full: false } as const;
const isAttached =
  (expected: boolean) =>
  async (engine: Engine, { data = "" }: Ids) =>
    (await engine.attachmentsOf(data, call())).length === (expected ? 1 : 0);

export const scenarios: readonly Scenario[] = [
  {
    name: "create",
    prepare: () => Promise.resolve({}),
    change: (engine) => engine.createVolume(wanted("new"), call()),
    volumes: { new: empty },
  },
  {
    name: "create with labels",
    prepare: () => Promise.resolve({}),
    change: (engine) =>
      engine.createVolume(
        wanted("new", { labels: { a: "b" }, attributes: { deleteProtection: "true" } }),
        call(),
      ),
    volumes: { new: empty },
    holds: async (engine) => {
      const { labels, attributes } = await engine.getVolume("new", call());
      return labels["a"] === "b" && attributes["deleteProtection"] === "true";
    },
  },
  {
    name: "clone",
    prepare: prepareVolume,
    change: (engine, { data = "" }) =>
      engine.createVolume(wanted("new", { source: { kind: "volume", id: data } }), call()),
    volumes: { data: full, new: full },
  },
  {
    name: "create from a snapshot",
    prepare: prepareSnapshot,
    change: (engine, { cut = "" }) =>
      engine.createVolume(
        wanted("new", { size: exactly(2n * SIZE), pool: "two", source: { kind: "snapshot", id: cut } }),
        call(),
      ),
    volumes: { data: full, new: { size: 2n * SIZE, full: true } },
    snapshots: 1,
  },
  {
    name: "delete",
    prepare: prepareVolume,
    change: (engine, { data = "" }) => engine.deleteVolume(data, call()),
    volumes: {},
  },
  {
    name: "delete and keep",
    prepare: prepareVolume,
    change: (engine, { data = "" }) => engine.deleteVolume(data, call()),
    volumes: {},
    retentionMs: 3_600_000,
    holds: async (engine, { data = "" }) => (await engine.listDeletedVolumes(call()))[0]?.id === data,
  },
  {
    name: "restore",
    prepare: async (engine) => {
      const { id } = await fullVolume(engine);
      await engine.deleteVolume(id, call());
      return { data: id };
    },
    change: (engine, { data = "" }) => engine.restoreVolume(data, call()),
    volumes: { data: full },
    retentionMs: 3_600_000,
    holds: async (engine) => (await engine.getVolume("data", call())).labels["kept"] === "yes",
  },
  {
    name: "expand",
    prepare: prepareVolume,
    change: (engine, { data = "" }) => engine.expandVolume(data, exactly(2n * SIZE), call()),
    volumes: { data: { size: 2n * SIZE, full: true } },
  },
  {
    name: "expand while attached",
    prepare: prepareAttached,
    change: (engine, { data = "" }) => engine.expandVolume(data, exactly(2n * SIZE), call()),
    volumes: { data: { size: 2n * SIZE, full: true } },
    holds: isAttached(true),
  },
  {
    name: "modify",
    prepare: prepareVolume,
    change: (engine, { data = "" }) =>
      engine.modifyVolume(data, { labels: { kept: null, a: "b" }, attributes: {} }, call()),
    volumes: { data: full },
    holds: async (engine) => JSON.stringify((await engine.getVolume("data", call())).labels) === '{"a":"b"}',
  },
  {
    name: "attach",
    prepare: prepareVolume,
    change: (engine, { data = "" }, { vmId }) => engine.attach(vmId, data, false, "/data", call()),
    volumes: { data: full },
    holds: isAttached(true),
  },
  {
    name: "detach",
    prepare: prepareAttached,
    change: (engine, { data = "" }, { vmId }) => engine.detach(vmId, data, call()),
    volumes: { data: full },
    holds: isAttached(false),
  },
  {
    name: "snapshot",
    prepare: prepareVolume,
    change: (engine, { data = "" }) =>
      engine.createSnapshot({ name: "cut", sourceVolumeId: data, labels: { a: "b" } }, call()),
    volumes: { data: full },
    snapshots: 1,
    holds: async (engine) => (await engine.getSnapshot("cut", call())).labels["a"] === "b",
  },
  {
    name: "delete a snapshot",
    prepare: prepareSnapshot,
    change: (engine, { cut = "" }) => engine.deleteSnapshot(cut, call()),
    volumes: { data: full },
  },
  {
    name: "snapshot a group",
    prepare: prepareTwo,
    change: (engine, { data = "", more = "" }) =>
      engine.createSnapshotGroup("group", [data, more], {}, call()),
    volumes: { data: full, more: full },
    snapshots: 2,
    holds: async (engine) => (await engine.getSnapshotGroup("group", call())).snapshots.length === 2,
  },
  {
    name: "delete a group",
    prepare: async (engine) => {
      const ids = await prepareTwo(engine);
      const group = await engine.createSnapshotGroup("group", Object.values(ids), {}, call());
      return { ...ids, group: group.id };
    },
    change: (engine, { group = "" }) => engine.deleteSnapshotGroup(group, call()),
    volumes: { data: full, more: full },
    holds: async (engine) => (await engine.listSnapshotGroups(call())).length === 0,
  },
  {
    name: "move",
    prepare: prepareVolume,
    change: (engine, { data = "" }) => engine.moveVolume(data, "two", call()),
    volumes: { data: full },
    holds: async (engine) => {
      const { pool, labels } = await engine.getVolume("data", call());
      return pool === "two" && labels["kept"] === "yes";
    },
  },
  {
    // Never onto a name that is taken: the file may be another one by now.
    name: "import",
    prepare: async (_engine, place) => {
      const content = Buffer.concat([
        Buffer.alloc(CONTENT_BYTES, CONTENT),
        Buffer.alloc(Number(SIZE) - CONTENT_BYTES),
      ]);
      await writeFile(join(transferOf(place), "old.img"), content);
      return {};
    },
    change: (engine) => doneOrThere(engine.importVolume("old.img", "new", "one", call())),
    volumes: { new: full },
  },
  {
    name: "export",
    prepare: prepareVolume,
    change: (engine, { data = "" }) => doneOrThere(engine.exportVolume(data, "out.img", call())),
    volumes: { data: full },
    holds: async (_engine, _ids, place) => {
      const bytes = await readFile(join(transferOf(place), "out.img"));
      return (
        bytes.length === Number(SIZE) && bytes.subarray(0, CONTENT_BYTES).every((byte) => byte === CONTENT)
      );
    },
  },
];

async function doneOrThere(work: Promise<unknown>): Promise<void> {
  const code = await codeOf(work);
  if (code !== "OK" && code !== "ALREADY_EXISTS") throw new Error(code);
}
