import type { WritableFile } from "../../../../src/vhdx/storage/file.ts";
import type { MemoryFile } from "../memory-file.ts";
import { type Content, contentOf, sameContent, type View } from "./content.ts";
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
}

/** An operation after which the disk must be as before or as after, whole. */
export function atomic(
  name: string,
  start: MemoryFile,
  view: View,
  change: (file: WritableFile) => Promise<unknown>,
): Scenario {
  return {
    name,
    start,
    view,
    run: async (file) => {
      const before = await contentOf(start, view);
      await change(file);
      const after = await contentOf(file, view);
      return (content) =>
        sameContent(content, before) || sameContent(content, after)
          ? undefined
          : `the disk of ${content.virtualSize} bytes is neither as before nor as after`;
    },
  };
}
