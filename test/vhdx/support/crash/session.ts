import { WritableDisk } from "../../../../src/vhdx/disk/writable-disk.ts";
import type { MemoryFile } from "../memory-file.ts";
import { type Content, contentOf, misleadsChildren, NAME, type View } from "./content.ts";
import type { Scenario } from "./scenario.ts";
import type { Group } from "./states.ts";

const SECTOR = 512;
const PIECE = 1 << 16;

/** What a disk's user does. Bytes; what is trimmed is whole blocks. */
export type Step = Change | { readonly kind: "flush" } | { readonly kind: "close" };

type Change =
  | { readonly kind: "write"; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "zero" | "trim"; readonly offset: number; readonly length: number };

/** A step as it was recorded. */
interface DoneStep {
  /** How many file operations had been done when it began and when it was over. */
  readonly began: number;
  readonly over: number;
  readonly isDurable: boolean;
  /** What the view must show afterwards. */
  readonly bytes: Buffer;
}

/** Steps between opening and closing: after a cut each sector has a form it had since the last flush that returned. */
export function session(name: string, start: MemoryFile, view: View, steps: readonly Step[]): Scenario {
  return {
    name,
    start,
    view,
    run: async (file, done) => {
      const before = await contentOf(start, view);
      const history: DoneStep[] = [{ began: 0, over: 0, isDurable: true, bytes: before.bytes }];
      const disk = await WritableDisk.on(file, NAME, view.options);
      for (const step of [...steps, { kind: "close" } as const]) {
        const began = done();
        await take(disk, step);
        const bytes = expected(history.at(-1)?.bytes ?? before.bytes, view, step);
        history.push({
          began,
          over: done(),
          isDurable: step.kind === "flush" || step.kind === "close",
          bytes,
        });
      }
      return (content, group) => judge(content, before, history, group);
    },
  };
}

/** Does a step. */
export function take(disk: WritableDisk, step: Step): Promise<void> {
  if (step.kind === "flush") return disk.flush();
  if (step.kind === "close") return disk.close();
  if (step.kind === "write") return disk.write(BigInt(step.offset), step.data);
  return disk[step.kind](BigInt(step.offset), BigInt(step.length));
}

/** The view's bytes after `step`. */
function expected(bytes: Buffer, { ranges }: View, step: Step): Buffer {
  if (step.kind === "flush" || step.kind === "close") return bytes;
  const next = Buffer.from(bytes);
  const data = step.kind === "write" ? step.data : Buffer.alloc(step.length);
  let base = 0;
  for (const [rangeStart, rangeEnd] of ranges) {
    const start = Math.max(Number(rangeStart), step.offset);
    const end = Math.min(Number(rangeEnd), step.offset + data.length);
    if (start < end)
      data.copy(next, base + start - Number(rangeStart), start - step.offset, end - step.offset);
    base += Number(rangeEnd - rangeStart);
  }
  return next;
}

function judge(
  content: Content,
  before: Content,
  history: readonly DoneStep[],
  { end }: Group,
): string | undefined {
  if (content.virtualSize !== before.virtualSize) return `the disk has ${content.virtualSize} bytes`;
  if (content.payloadOffset !== before.payloadOffset) return "the payload can't be mapped as before";
  if (misleadsChildren(before, content)) return "the disk has changed and its DataWriteGuid has not";
  const durable = history.findLastIndex(({ over, isDurable }) => isDurable && over <= end);
  const allowed = history.slice(durable).filter(({ began }) => began <= end);
  const { bytes } = content;
  for (let at = 0; at < bytes.length; at += PIECE) {
    if (isOne(bytes, allowed, at, at + PIECE)) continue;
    for (let sector = at; sector < Math.min(at + PIECE, bytes.length); sector += SECTOR) {
      if (isOne(bytes, allowed, sector, sector + SECTOR)) continue;
      return `the sector at byte ${sector} of what is looked at is in no form it had since step ${durable}`;
    }
  }
  return undefined;
}

/** True when these bytes are as some step left them. */
function isOne(bytes: Buffer, allowed: readonly DoneStep[], start: number, end: number): boolean {
  const part = bytes.subarray(start, end);
  return allowed.some((step) => part.equals(step.bytes.subarray(start, end)));
}
