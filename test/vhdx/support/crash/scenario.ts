import type { WritableFile } from "../../../../src/vhdx/storage/file.ts";
import type { MemoryFile } from "../memory-file.ts";
import { type Content, contentOf, misleadsChildren, sameContent, type View } from "./content.ts";
import type { Group } from "./states.ts";

/** Says what is wrong with what is there after a cut in this group of operations; undefined when nothing is. */
export type Judge = (content: Content, group: Group) => string | undefined;

/** One mutating operation, to be cut everywhere. */
export interface Scenario {
  readonly name: string;
  /** The file before. */
  readonly start: MemoryFile;
  readonly view: View;
  /** Does it to `file`; `done` counts the file operations so far. */
  run(file: WritableFile, done: () => number): Promise<Judge>;
  /** The file may also be no VHDX that can be opened: it was being created. */
  readonly mayBeNoDisk?: true;
  /** Warnings of the check are no fault: the file had them before. */
  readonly mayNeedRepair?: boolean;
  /** Does it again to what a cut left and recovery mended; throws when that does not complete it. */
  readonly complete?: (file: WritableFile) => Promise<void>;
}

/** An operation after which the disk must be as before or as after, whole. */
export function atomic(
  name: string,
  start: MemoryFile,
  view: View,
  change: (file: WritableFile) => Promise<unknown>,
): Scenario {
  let after: Content | undefined;
  return {
    name,
    start,
    view,
    run: async (file, done) => {
      const before = await contentOf(start, view);
      await change(file);
      const changed = await contentOf(file, view);
      after = changed;
      const total = done();
      return (content, { end }) => {
        if (misleadsChildren(before, content)) return "the disk has changed and its DataWriteGuid has not";
        if (sameContent(content, changed)) return undefined;
        if (!sameContent(content, before)) return "the disk is neither as before nor as after";
        return end === total ? "the operation is over and the disk as before" : undefined;
      };
    },
    complete: async (file) => {
      await change(file);
      if (after && !sameContent(await contentOf(file, view), after)) {
        throw new Error("done again it does not come to its end");
      }
    },
  };
}
