import { startBudget, within } from "../../kit/budget.ts";
import { DEFAULT_BUDGET_MS, waitFor } from "../../kit/deadline.ts";
import { described, KeyedLocks, type LockKeys } from "../../kit/locks.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { CallContext, Engine } from "./engine.ts";
import type { ContentSource, RunningOperation, SizeRange, VolumeChange } from "./model.ts";

/** Copies may run for hours; what they may wait for at their start may not. */
const COPY_BUDGET_MS = 7 * 24 * 3600 * 1000;

/** A change at work. */
interface Running extends RunningOperation {
  progress: number | undefined;
  readonly result: Promise<unknown>;
  /** Itself with its progress, or what it waits for. */
  readonly situation: () => string;
}

/** What a change is and holds while it runs. */
interface Change {
  /** Operation and parameters: equal texts are twins. */
  readonly request: readonly [operation: string, ...parameters: string[]];
  readonly exclusive: readonly string[];
  readonly shared?: readonly string[];
  /** True for one that copies content. */
  readonly copies?: boolean;
  /** As in RunningOperation. */
  readonly volumeIds?: readonly string[];
  readonly newVolume?: string;
}

/**
 * The rules under locks, with joins: a change runs once however many ask for it, a request that arrives while its
 * twin runs waits for the same work, and a client that hangs up stops only its own wait. Reads take no lock.
 */
export function guardedEngine(rules: Omit<Engine, "listOperations">, catalog: Catalog): Engine {
  const locks = new KeyedLocks();
  const running = new Map<string, Running>();

  function run<T>(
    { request, exclusive, shared = [], copies = false, volumeIds = [], newVolume }: Change,
    context: CallContext,
    work: (own: CallContext) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify(request);
    const twin = running.get(key);
    if (twin !== undefined) return waitFor(twin.result as Promise<T>, twin.situation, context.signal);
    const budget = startBudget(copies ? COPY_BUDGET_MS : DEFAULT_BUDGET_MS);
    const started = Promise.withResolvers<T>();
    const keys: LockKeys = { exclusive, shared };
    const operation: Running = {
      what: request.filter((part) => part !== "").join(" "),
      requestId: context.requestId,
      startedAt: Date.now(),
      progress: undefined,
      volumeIds,
      newVolume,
      result: started.promise,
      situation: () => {
        const holder = locks.holderBefore(keys, operation);
        return holder === undefined
          ? described(operation)
          : `${described(holder)}, which ${operation.what} waits for,`;
      },
    };
    const onProgress = (fraction: number) => {
      operation.progress = fraction;
      context.onProgress?.(fraction);
    };
    running.set(key, operation);
    const waiting = (wait: AbortSignal) =>
      locks.run(keys, operation, wait, () => work({ ...context, signal: budget.signal, onProgress }));
    (copies ? within(DEFAULT_BUDGET_MS, budget.signal, waiting) : waiting(budget.signal))
      .finally(() => {
        budget.done();
        running.delete(key);
      })
      .then(started.resolve, started.reject);
    return waitFor(started.promise, operation.situation, context.signal);
  }

  /** A name is free again only when its volume is gone: a delete holds it against a create. */
  function volumeKeys(id: string): string[] {
    const name = catalog.volumes.byId(id)?.name;
    return name === undefined ? [volumeKey(id)] : [volumeKey(id), volumeName(name)];
  }

  function snapshotKeys(id: string): string[] {
    const name = catalog.snapshots.byId(id)?.name;
    return name === undefined ? [snapshotKey(id)] : [snapshotKey(id), snapshotName(name)];
  }

  return {
    ...rules,
    createVolume: (request, context) => {
      const { name, size, source, type, blockSize, pool, fileName = name, labels, attributes } = request;
      const change: Change = {
        request: [
          "create",
          name,
          ...range(size),
          ...sourceText(source),
          type ?? "",
          blockSize === undefined ? "" : String(blockSize),
          pool ?? "",
          fileName === name ? "" : fileName,
          Object.keys(labels).length === 0 ? "" : JSON.stringify(labels),
          Object.keys(attributes).length === 0 ? "" : JSON.stringify(attributes),
        ],
        // Two of one file name must not find it free both.
        exclusive: [volumeName(name), `file name ${fileName}`],
        shared: source === undefined ? [] : [sourceKey(source)],
        copies: source !== undefined,
        volumeIds: source?.kind === "volume" ? [source.id] : [],
        newVolume: name,
      };
      return run(change, context, (own) => rules.createVolume(request, own));
    },
    deleteVolume: (id, context) =>
      run({ request: ["delete", id], exclusive: volumeKeys(id), volumeIds: [id] }, context, (own) =>
        rules.deleteVolume(id, own),
      ),
    expandVolume: (id, size, context) =>
      run(
        { request: ["expand", id, ...range(size)], exclusive: [volumeKey(id)], volumeIds: [id] },
        context,
        (own) => rules.expandVolume(id, size, own),
      ),
    modifyVolume: (id, change, context) =>
      run({ request: ["modify", id, changeText(change)], exclusive: [volumeKey(id)] }, context, (own) =>
        rules.modifyVolume(id, change, own),
      ),
    attach: (vmId, volumeId, readOnly, mountPoint, context) =>
      run(
        {
          request: ["attach", volumeId, vmId, readOnly ? "read-only" : "writable", mountPoint ?? ""],
          exclusive: [volumeKey(volumeId), `vm ${vmId}`],
        },
        context,
        (own) => rules.attach(vmId, volumeId, readOnly, mountPoint, own),
      ),
    detach: (vmId, volumeId, context, onlyWhenOff = false) =>
      run(
        {
          request: ["detach", volumeId, vmId, onlyWhenOff ? "only when off" : ""],
          exclusive: [volumeKey(volumeId), `vm ${vmId}`],
        },
        context,
        (own) => rules.detach(vmId, volumeId, own, onlyWhenOff),
      ),
    createSnapshot: (request, context) => {
      const { name, sourceVolumeId, labels } = request;
      const change: Change = {
        request: ["snapshot", name, sourceVolumeId, JSON.stringify(labels)],
        exclusive: [snapshotName(name)],
        shared: [volumeKey(sourceVolumeId)],
        copies: true,
        volumeIds: [sourceVolumeId],
      };
      return run(change, context, (own) => rules.createSnapshot(request, own));
    },
    deleteSnapshot: (id, context) =>
      run({ request: ["delete-snapshot", id], exclusive: snapshotKeys(id) }, context, (own) =>
        rules.deleteSnapshot(id, own),
      ),
    createSnapshotGroup: (name, sources, labels, context) =>
      run(
        {
          request: ["snapshot-group", name, [...sources].sort().join(), JSON.stringify(labels)],
          exclusive: [`group name ${name}`],
          shared: sources.map(volumeKey),
          copies: true,
          volumeIds: sources,
        },
        context,
        (own) => rules.createSnapshotGroup(name, sources, labels, own),
      ),
    deleteSnapshotGroup: (id, context) => {
      const group = catalog.groups.byId(id);
      const names =
        group === undefined ? [] : [`group name ${group.name}`, ...group.snapshotIds.flatMap(snapshotKeys)];
      return run({ request: ["delete-group", id], exclusive: [`group ${id}`, ...names] }, context, (own) =>
        rules.deleteSnapshotGroup(id, own),
      );
    },
    restoreVolume: async (id, context) => {
      const name = (await rules.listDeletedVolumes(context)).find((deleted) => deleted.id === id)?.name ?? "";
      return await run(
        { request: ["restore", id], exclusive: [volumeKey(id), volumeName(name)] },
        context,
        (own) => rules.restoreVolume(id, own),
      );
    },
    importVolume: (file, name, pool, context) =>
      run(
        {
          request: ["import", file, name, pool ?? ""],
          exclusive: [volumeName(name)],
          copies: true,
          newVolume: name,
        },
        context,
        (own) => rules.importVolume(file, name, pool, own),
      ),
    exportVolume: (id, file, context) =>
      run(
        {
          request: ["export", id, file],
          exclusive: [`file ${file}`],
          shared: [volumeKey(id)],
          copies: true,
          volumeIds: [id],
        },
        context,
        (own) => rules.exportVolume(id, file, own),
      ),
    moveVolume: (id, pool, context) =>
      run(
        { request: ["move", id, pool], exclusive: volumeKeys(id), copies: true, volumeIds: [id] },
        context,
        (own) => rules.moveVolume(id, pool, own),
      ),
    doctor: (fix, context) =>
      run({ request: ["doctor", String(fix)], exclusive: ["doctor"] }, context, (own) =>
        rules.doctor(fix, own),
      ),
    listOperations: () =>
      Promise.resolve(
        [...running.values()].map(({ what, requestId, startedAt, progress, volumeIds, newVolume }) => ({
          what,
          requestId,
          startedAt,
          progress,
          volumeIds,
          newVolume,
        })),
      ),
  };
}

const volumeKey = (id: string) => `volume ${id}`;
const volumeName = (name: string) => `volume name ${name}`;
const snapshotKey = (id: string) => `snapshot ${id}`;
const snapshotName = (name: string) => `snapshot name ${name}`;

function sourceKey({ kind, id }: ContentSource): string {
  return kind === "volume" ? volumeKey(id) : snapshotKey(id);
}

function sourceText(source: ContentSource | undefined): [string, string] {
  return source === undefined ? ["", ""] : [`from ${source.kind}`, source.id];
}

function range(size: SizeRange | undefined): [string, string] {
  return size === undefined ? ["", ""] : [String(size.required), String(size.limit ?? "exactly")];
}

function changeText({ attributes, labels }: VolumeChange): string {
  return JSON.stringify([attributes, labels]);
}
