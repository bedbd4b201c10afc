import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";

/**
 * What a disk file can't hold, as JSON beside it. Name, id and size are repeated so that a person can read the
 * record alone; the file is the truth about them.
 */
export const VolumeRecord = Type.Object({
  version: Type.Literal(1),
  id: Type.String(),
  name: Type.String(),
  /** Bytes asked for when the volume was made. */
  requestedSize: Type.Integer({ minimum: 0 }),
  /** RFC 3339 */
  createdAt: Type.String(),
});
export type VolumeRecord = Static<typeof VolumeRecord>;

const recordValidator = Compile(VolumeRecord);

export function encodeRecord(record: VolumeRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** The record in `text`, or undefined when it is not one of ours: the volume is then known by its file alone. */
export function decodeRecord(text: string): VolumeRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return recordValidator.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
