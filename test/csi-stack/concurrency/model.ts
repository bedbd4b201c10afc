import type { ErrorCode } from "../../../src/kit/errors.ts";

/** What there is of a slot's volume. */
export interface ModelVolume {
  readonly id: string;
  readonly size: string;
  readonly attached: boolean;
  readonly staged: boolean;
  readonly shown: boolean;
  /** What was written to it last; undefined before the first write, when it may not have a file system yet. */
  readonly marker: string | undefined;
}

/** A slot: a volume, the snapshot of it, and the volume that is restored from that, each with a name of its own. */
export interface State {
  readonly volume: ModelVolume | undefined;
  readonly snapshot:
    | {
        readonly id: string;
        readonly source: string;
        readonly size: string;
        readonly marker: string | undefined;
      }
    | undefined;
  readonly copy:
    | {
        readonly id: string;
        readonly source: string;
        readonly size: string;
        readonly marker: string | undefined;
      }
    | undefined;
}

/** How a call ended: what it was told when that is more than that it was done. */
export interface Told {
  readonly code: ErrorCode | "OK";
  readonly id?: string;
  readonly size?: string;
  readonly text?: string;
}

export const calls = [
  "create",
  "delete",
  "attach",
  "detach",
  "stage",
  "unstage",
  "show",
  "hide",
  "expandDisk",
  "expandFileSystem",
  "stats",
  "get",
  "list",
  "snapshot",
  "deleteSnapshot",
  "restore",
  "deleteCopy",
] as const;
export type CallName = (typeof calls)[number];

/** A call with the ids that it names, which may be of something that is gone. */
export interface Asked {
  readonly call: CallName;
  readonly volumeId: string;
  readonly snapshotId: string;
  readonly copyId: string;
  /** Bytes, of an expansion. */
  readonly size: string;
}

export const SIZE = String(320 * 2 ** 20);

/** The state that a call leaves when it ends so; undefined when it can't end so in this state. */
export function after(state: State, asked: Asked, told: Told): State | undefined {
  const { volume, snapshot, copy } = state;
  const own = volume?.id === asked.volumeId ? volume : undefined;
  const ends = (code: Told["code"]) => (told.code === code ? state : undefined);
  const changes = (change: Partial<ModelVolume>) =>
    told.code === "OK" && own !== undefined ? { ...state, volume: { ...own, ...change } } : undefined;
  switch (asked.call) {
    case "create":
      if (volume !== undefined)
        return told.id === volume.id && told.size === volume.size ? ends("OK") : undefined;
      if (told.code !== "OK" || told.id === undefined || told.id === asked.volumeId || told.size !== SIZE)
        return undefined;
      return { ...state, volume: { ...NEW, id: told.id } };
    case "delete":
      if (own === undefined) return ends("OK");
      if (own.attached) return ends("FAILED_PRECONDITION");
      return told.code === "OK" ? { ...state, volume: undefined } : undefined;
    case "attach":
      return own === undefined ? ends("NOT_FOUND") : changes({ attached: true });
    case "detach":
      if (own === undefined) return ends("OK");
      return own.staged || own.shown ? ends("FAILED_PRECONDITION") : changes({ attached: false });
    case "stage":
      return own?.attached === true ? changes({ staged: true }) : ends("UNAVAILABLE");
    case "unstage":
      return own === undefined ? ends("OK") : changes({ staged: false });
    case "show":
      if (own?.attached !== true) return ends("UNAVAILABLE");
      return own.staged ? changes({ shown: true }) : ends("FAILED_PRECONDITION");
    case "hide":
      return own === undefined ? ends("OK") : changes({ shown: false });
    case "expandDisk": {
      if (own === undefined) return ends("NOT_FOUND");
      const size = BigInt(own.size) > BigInt(asked.size) ? own.size : asked.size;
      return told.size === size ? changes({ size }) : undefined;
    }
    case "expandFileSystem":
      if (own?.shown !== true) return ends("NOT_FOUND");
      return told.size === own.size ? ends("OK") : undefined;
    case "stats":
      if (own?.shown !== true) return ends("NOT_FOUND");
      return BigInt(told.size ?? "0") <= BigInt(own.size) ? ends("OK") : undefined;
    case "get":
      if (own === undefined) return ends("NOT_FOUND");
      return told.size === own.size ? ends("OK") : undefined;
    case "list":
      return told.size === own?.size ? ends("OK") : undefined;
    case "snapshot":
      if (snapshot !== undefined) {
        if (snapshot.source !== asked.volumeId) return ends("ALREADY_EXISTS");
        return told.id === snapshot.id ? ends("OK") : undefined;
      }
      if (own === undefined) return ends("NOT_FOUND");
      if (told.code !== "OK" || told.id === undefined || told.size !== own.size) return undefined;
      return {
        ...state,
        snapshot: { id: told.id, source: own.id, size: own.size, marker: own.marker },
      };
    case "deleteSnapshot":
      if (snapshot?.id !== asked.snapshotId) return ends("OK");
      return told.code === "OK" ? { ...state, snapshot: undefined } : undefined;
    case "restore":
      return afterRestore(state, asked, told);
    case "deleteCopy":
      if (copy?.id !== asked.copyId) return ends("OK");
      return told.code === "OK" ? { ...state, copy: undefined } : undefined;
  }
}

function afterRestore(state: State, asked: Asked, told: Told): State | undefined {
  const { snapshot, copy } = state;
  const source = snapshot?.id === asked.snapshotId ? snapshot : undefined;
  // Whether the source is there is asked before: it may go meanwhile.
  if (source === undefined && told.code === "NOT_FOUND") return state;
  if (copy !== undefined) {
    const same = copy.source === asked.snapshotId;
    if (!same) return told.code === "ALREADY_EXISTS" ? state : undefined;
    return told.code === "OK" && told.id === copy.id ? state : undefined;
  }
  if (source === undefined || told.code !== "OK" || told.id === undefined || told.size !== source.size)
    return undefined;
  return { ...state, copy: { ...source, id: told.id, source: source.id } };
}

const NEW = { size: SIZE, attached: false, staged: false, shown: false, marker: undefined };

const NODE: readonly CallName[] = ["stage", "unstage", "show", "hide", "expandFileSystem"];

/** Whether a call may be refused, with no effect, because others of the same volume are at work. */
export function mayBeDisturbed(
  { call }: Asked,
  { code, text = "" }: Told,
  others: readonly CallName[],
): boolean {
  const node = others.some((other) => NODE.includes(other));
  // A detach claims the device for a moment, to see whether anybody has it: mkfs or mount finds it busy then.
  if (call === "stage" && others.includes("detach") && /busy/i.test(text)) return true;
  // One change of a volume at a time on its node.
  if (NODE.includes(call) && code === "ABORTED") return node;
  // The node looks at the disk, so it is in use.
  if (call === "detach") return node && (code === "FAILED_PRECONDITION" || code === "ABORTED");
  // A cut flushes the mounted file system, which keeps it busy.
  if (call === "hide" || call === "unstage")
    return code === "FAILED_PRECONDITION" && others.includes("snapshot");
  return false;
}
