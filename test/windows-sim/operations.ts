import { randomUUID } from "node:crypto";
import type { Args, DiskRef, Operation, PartitionRef } from "../../src/node/windows/protocol.ts";
import { PROTOCOL_VERSION } from "../../src/node/windows/protocol.ts";
import { markNoLetter, withLetters, withoutLetter } from "./letters.ts";
import { BY_POLICY, COLLISION, type SimDisk, type SimWindowsState } from "./model.ts";
import { readBytes, sizeOf } from "./medium.ts";
import * as onDisk from "./on-disk.ts";
import { HRESULT, own, StorageRefusal } from "./refusals.ts";
import { surveyOf, volumePath } from "./seen.ts";
import { mountAll, removeDead, show, targetOf, unmountAll, unshow, usedBytes } from "./volumes.ts";

/** What an operation makes of the state, and what it answers. */
export interface Outcome {
  readonly state: SimWindowsState;
  readonly result: unknown;
}

type Handlers = {
  readonly [Op in Operation]: (
    state: SimWindowsState,
    args: Args[Op],
    directory: string,
  ) => Outcome | Promise<Outcome>;
};

/** @throws StorageRefusal for what Windows would refuse */
export const operations: Handlers = {
  hello: (state) => ({
    state,
    result: {
      ...{ protocol: PROTOCOL_VERSION, powershell: "5.1.20348", module: "2.0.0.0", windows: "10.0.20348.0" },
      ...{ computer: "NODE-W", user: "NT AUTHORITY\\SYSTEM", mayManageDisks: true },
    },
  }),

  guestItems: (state) => ({
    state,
    result: { parameters: itemsOf(state.parameters), external: itemsOf(state.external) },
  }),

  survey: async (state) => ({ state, result: await surveyOf(state) }),

  rescan: async (state) => {
    const disks = await Promise.all(
      state.disks.map(async (disk) => ({ ...disk, size: await sizeOf(disk.medium).catch(() => disk.size) })),
    );
    return nothing({ ...state, disks });
  },

  setOnline: async (state, args, directory) => {
    const disk = diskAt(state, args.disk);
    const table = await onDisk.readTable(disk.medium);
    const twin = await onlineTwin(state, disk, table?.diskGuid);
    // Ids that another disk has already are made anew, when that can be written.
    if (table !== undefined && twin) {
      if (disk.isReadOnly)
        return nothing(withDisk(state, disk, { isOffline: true, offlineReason: COLLISION }));
      await onDisk.writeTable(disk.medium, onDisk.renewed(table));
    }
    await mountAll(directory, disk);
    const lettered = await withLetters(state, disk);
    return nothing(withDisk(lettered, disk, { isOffline: false, offlineReason: null }));
  },

  setOffline: async (state, args, directory) => {
    const disk = diskAt(state, args.disk);
    await unmountAll(directory, await guidsOf(disk));
    return nothing(withDisk(state, disk, { isOffline: true, offlineReason: BY_POLICY }));
  },

  setReadOnly: (state, { disk: ref, readOnly }) => {
    const disk = diskAt(state, ref);
    return nothing(withDisk(state, disk, { isReadOnly: readOnly || disk.isWriteProtected }));
  },

  read: async (state, { disk: ref, offset, length }) => {
    const { medium } = diskAt(state, ref);
    return { state, result: { data: (await readBytes(medium, Number(offset), length)).toString("base64") } };
  },

  initialise: async (state, args) => {
    const disk = writable(diskAt(state, args.disk));
    if ((await onDisk.readTable(disk.medium)) !== undefined) throw own("NotBlank");
    await onDisk.writeTable(disk.medium, onDisk.newTable());
    return nothing(state);
  },

  createPartition: async (state, args) => {
    const disk = writable(diskAt(state, args.disk));
    const table = await onDisk.readTable(disk.medium);
    if (table === undefined) throw own("NotBlank");
    const partition = await onDisk.newPartition(disk.medium);
    await onDisk.writeTable(disk.medium, { ...table, partitions: [...table.partitions, partition] });
    return { state, result: await seenPartition(state, disk, partition.guid) };
  },

  format: async (state, { partition: ref, fileSystem, label, allocationUnit }, directory) => {
    const { disk, partition } = await partitionAt(state, ref);
    if ((await onDisk.readFileSystem(writable(disk).medium, partition)) !== undefined) throw own("NotBlank");
    await markNoLetter(disk, ({ guid }) => guid === partition.guid, true);
    const system = { fileSystem, serial: randomUUID(), label, size: partition.size };
    await onDisk.writeFileSystem(disk.medium, partition, {
      ...system,
      allocationUnit: allocationUnit ?? 4096,
    });
    await mountAll(directory, disk);
    return { state, result: await volumeAt(state, volumePath(partition.guid), directory) };
  },

  addAccessPath: async (state, { partition: ref, path }, directory) => {
    const { disk, partition } = await partitionAt(state, ref);
    if (!disk.isReadOnly) await markNoLetter(disk, ({ guid }) => guid === partition.guid, true);
    await show(directory, partition, path);
    const before = state.shown[partition.guid] ?? [];
    return nothing({ ...state, shown: { ...state.shown, [partition.guid]: [...before, path] } });
  },

  removeAccessPath: async (state, { partition: ref, path }) => {
    const { partition } = await partitionAt(state, ref);
    if (state.letters[partition.guid] === path) return nothing(withoutLetter(state, partition.guid));
    const plain = path.replace(/(.)\/$/, "$1");
    await unshow(plain);
    const after = (state.shown[partition.guid] ?? []).filter((each) => each !== plain);
    return nothing({ ...state, shown: { ...state.shown, [partition.guid]: after } });
  },

  mountPoint: async (state, { path }, directory) => ({
    state,
    result: { target: await targetOf(directory, path) },
  }),

  removeMountPoint: async (state, { path, target }, directory) => {
    await removeDead(directory, path, target);
    const shown = Object.entries(state.shown).map(([guid, paths]) => [
      guid,
      paths.filter((each) => each !== path),
    ]);
    return nothing({ ...state, shown: Object.fromEntries(shown) as SimWindowsState["shown"] });
  },

  volume: async (state, { path }, directory) => ({ state, result: await volumeAt(state, path, directory) }),

  flush: async (state, { path }, directory) => {
    await volumeAt(state, path, directory);
    return nothing(state);
  },

  supportedSize: async (state, args) => {
    const { disk, partition } = await partitionAt(state, args.partition);
    return {
      state,
      result: { minimum: String(partition.size), maximum: String(onDisk.largestPartition(disk.size)) },
    };
  },

  resize: async (state, { partition: ref, size }) => {
    const { disk, partition } = await partitionAt(state, ref);
    const table = await onDisk.readTable(writable(disk).medium);
    const system = await onDisk.readFileSystem(disk.medium, partition);
    if (table === undefined || system === undefined) throw new StorageRefusal(HRESULT.notFound);
    const grown = { ...partition, size: Number(size) };
    const partitions = table.partitions.map((each) => (each.guid === partition.guid ? grown : each));
    await onDisk.writeTable(disk.medium, { ...table, partitions });
    await onDisk.writeFileSystem(disk.medium, grown, { ...system, size: grown.size });
    return { state, result: await seenPartition(state, disk, partition.guid) };
  },
};

/** Ids of the partitions on a disk, as far as its bytes are there. */
export async function guidsOf({ medium }: SimDisk): Promise<string[]> {
  const table = await onDisk.readTable(medium).catch(() => undefined);
  return (table?.partitions ?? []).map(({ guid }) => guid);
}

function nothing(state: SimWindowsState): Outcome {
  return { state, result: {} };
}

function itemsOf(values: Readonly<Record<string, string>>) {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function withDisk(state: SimWindowsState, disk: SimDisk, change: Partial<SimDisk>): SimWindowsState {
  return {
    ...state,
    disks: state.disks.map((each) => (each.number === disk.number ? { ...each, ...change } : each)),
  };
}

function diskAt({ disks }: SimWindowsState, ref: DiskRef): SimDisk {
  const disk = disks.find(({ number, uniqueId }) => number === ref.number && uniqueId === ref.uniqueId);
  if (disk === undefined) throw own("DiskChanged");
  return disk;
}

function writable(disk: SimDisk): SimDisk {
  if (disk.isReadOnly) throw new StorageRefusal(HRESULT.writeProtected);
  if (disk.isOffline) throw new StorageRefusal(HRESULT.own, "StorageWMI 41003,Simulated");
  return disk;
}

async function partitionAt(state: SimWindowsState, { disk: ref, partitionNumber, offset }: PartitionRef) {
  const disk = diskAt(state, ref);
  const partition = (await onDisk.readTable(disk.medium))?.partitions[partitionNumber - 1];
  if (partition === undefined || String(partition.offset) !== offset) throw own("DiskChanged");
  return { disk, partition };
}

async function seenPartition(state: SimWindowsState, { number }: SimDisk, guid: string) {
  const { partitions } = await surveyOf(state);
  return partitions.find((each) => each.diskNumber === number && each.guid === guid);
}

async function onlineTwin(
  state: SimWindowsState,
  disk: SimDisk,
  diskGuid: string | undefined,
): Promise<boolean> {
  if (diskGuid === undefined) return false;
  const others = state.disks.filter(({ number, isOffline }) => number !== disk.number && !isOffline);
  const tables = await Promise.all(others.map(({ medium }) => onDisk.readTable(medium)));
  return tables.some((table) => table?.diskGuid === diskGuid);
}

async function volumeAt(state: SimWindowsState, path: string, directory: string) {
  for (const disk of state.disks.filter(({ isOffline }) => !isOffline)) {
    for (const partition of (await onDisk.readTable(disk.medium))?.partitions ?? []) {
      if (volumePath(partition.guid) !== path) continue;
      const system = await onDisk.readFileSystem(disk.medium, partition);
      const health = state.volumeHealth[partition.guid] ?? 0;
      const told = { path, label: system?.label ?? "", healthStatus: health };
      if (system === undefined) {
        return { ...told, fileSystem: "RAW", size: "0", sizeRemaining: "0", allocationUnit: 0 };
      }
      const left = system.size - (await usedBytes(directory, system.serial));
      const { fileSystem, allocationUnit, size } = system;
      return {
        ...told,
        fileSystem,
        allocationUnit,
        size: String(size),
        sizeRemaining: String(Math.max(0, left)),
      };
    }
  }
  throw new StorageRefusal(HRESULT.noDevice);
}
