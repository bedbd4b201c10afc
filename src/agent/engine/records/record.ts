import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";

/**
 * Largest record that is written or read, in bytes: a larger one is not ours. As many labels as there may be, as long as
 * they may be, take half of it where JSON needs six bytes for a character.
 */
export const MAX_RECORD_BYTES = 1024 * 1024;

const Guid = Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
const Texts = Type.Record(Type.String(), Type.String());
/** Since 1970, as far as a Date reaches both ways: a clock that is wrong must not make a record unreadable. */
const Milliseconds = Type.Integer({ minimum: -8.64e15, maximum: 8.64e15 });
const Source = Type.Object({
  kind: Type.Union([Type.Literal("volume"), Type.Literal("snapshot")]),
  id: Guid,
});

const common = {
  version: Type.Literal(1),
  id: Guid,
  name: Type.String({ minLength: 1 }),
  createdAt: Milliseconds,
  lineage: Type.Optional(Guid),
  labels: Type.Optional(Texts),
};

const VolumeRecord = Type.Object({
  ...common,
  kind: Type.Literal("volume"),
  /** The volume's own name, where `name` is only that of its file. */
  csiName: Type.Optional(Type.String({ minLength: 1 })),
  attributes: Type.Optional(Texts),
  source: Type.Optional(Source),
  mountPoints: Type.Optional(Texts),
  /** Set while the disk moves here from another pool: the id of that, since names can be given anew. */
  movedFrom: Type.Optional(Type.String()),
});

const SnapshotRecord = Type.Object({
  ...common,
  kind: Type.Literal("snapshot"),
  sourceVolumeId: Guid,
  groupId: Type.Optional(Guid),
});

const GroupRecord = Type.Object({
  version: Type.Literal(1),
  kind: Type.Literal("group"),
  id: Guid,
  name: Type.String({ minLength: 1 }),
  createdAt: Milliseconds,
  snapshotIds: Type.Array(Guid),
  sourceVolumeIds: Type.Array(Guid),
  /** Earlier versions set it when it was being deleted; now its file's name says so. */
  deleting: Type.Optional(Type.Literal(true)),
});

const DeletedRecord = Type.Object({
  version: Type.Literal(1),
  kind: Type.Literal("deleted"),
  id: Guid,
  name: Type.String({ minLength: 1 }),
  deletedAt: Milliseconds,
  record: Type.Optional(VolumeRecord),
});

/** What a volume's file can't hold. */
export type VolumeRecord = Static<typeof VolumeRecord>;
/** What a snapshot's file can't hold. */
export type SnapshotRecord = Static<typeof SnapshotRecord>;
/** Which snapshots were cut together. It is what makes them exist: without it none of them does. */
export type GroupRecord = Static<typeof GroupRecord>;
/** A volume that was deleted and is kept for a while. */
export type DeletedRecord = Static<typeof DeletedRecord>;
export type DiskRecord = VolumeRecord | SnapshotRecord;
export type AnyRecord = VolumeRecord | SnapshotRecord | GroupRecord | DeletedRecord;

const check = Compile(Type.Union([VolumeRecord, SnapshotRecord, GroupRecord, DeletedRecord]));

/** What the record of a disk says that neither the disk nor the name of its file does; nothing that is empty. */
export type Said = Readonly<Record<string, unknown>>;

const implied: readonly string[] = ["version", "kind", "id", "name"];

export function saidBy(record: DiskRecord): Said {
  const isEmpty = (value: unknown) =>
    value === undefined || (typeof value === "object" && Object.keys(value ?? {}).length === 0);
  const isOwnLineage = record.kind === "volume" && record.lineage === record.id;
  return Object.fromEntries(
    Object.entries(record).filter(
      ([key, value]) => !implied.includes(key) && !(key === "lineage" && isOwnLineage) && !isEmpty(value),
    ),
  );
}

/** The record of a disk that says this; undefined where it can't be one. */
export function recordSaying(
  said: Said,
  file: Pick<DiskRecord, "kind" | "id" | "name">,
): DiskRecord | undefined {
  const record: unknown = { ...said, version: 1, kind: file.kind, id: file.id, name: file.name };
  return check.Check(record) ? (record as DiskRecord) : undefined;
}

/** The record in a file's text; undefined for anything else, a record of a later version included. */
export function parseRecord(text: string): AnyRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return check.Check(value) ? value : undefined;
}

export function formatRecord(record: AnyRecord): string {
  return `${JSON.stringify(record)}\n`;
}
