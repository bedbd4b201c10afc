import { WritableDisk } from "../../../../src/vhdx/disk/writable-disk.ts";
import { VhdxError } from "../../../../src/vhdx/error.ts";
import { checkFile } from "../../../../src/vhdx/operations/check.ts";
import type { MemoryFile } from "../memory-file.ts";
import { type Operation, recording } from "../recorder.ts";
import { type Content, contentOf, NAME, readOnly, sameContent, type View, viewLength } from "./content.ts";
import type { Scenario } from "./scenario.ts";

/** What reopening found and did. */
export interface Reopened {
  /** Undefined when there is no disk in the file. */
  readonly content: Content | undefined;
  /** What recovery did to the file. */
  readonly recovery: readonly Operation[];
  readonly recovered: MemoryFile;
}

/** Room for two readings of a view, used again for every state: fresh memory costs more than all else. */
export type Scratch = readonly [Buffer, Buffer];

export function scratchFor(view: View): Scratch {
  return [Buffer.allocUnsafe(viewLength(view)), Buffer.allocUnsafe(viewLength(view))];
}

/**
 * Opens what a cut left, for reading and then for writing: both must show the same, and the checker must find nothing.
 * `file` stays as it is; the content lies in `scratch`.
 */
export async function reopen(
  file: MemoryFile,
  { view, mayBeNoDisk, mayNeedRepair = false }: Scenario,
  [first, second]: Scratch,
): Promise<Reopened> {
  let content: Content;
  try {
    content = await contentOf(file, view, first);
  } catch (error) {
    if (mayBeNoDisk && error instanceof VhdxError)
      return { content: undefined, recovery: [], recovered: file };
    throw error;
  }
  const recovered = file.copy();
  const recovery: Operation[] = [];
  const disk = await WritableDisk.on(recording(recovered, recovery), NAME, view.options);
  await disk.close();
  if (recovery.length > 0) {
    await check(file, view, "before recovery", true);
    const again = await contentOf(recovered, view, second);
    if (!sameContent(again, content)) throw new Error("recovery shows something else than reading did");
  }
  await check(recovered, view, "when recovered", mayNeedRepair);
  return { content, recovery, recovered };
}

async function check(file: MemoryFile, { options }: View, when: string, mayWarn: boolean): Promise<void> {
  const { findings, isClean } = await checkFile(readOnly(file), NAME, options);
  if (isClean || (mayWarn && !findings.some(({ severity }) => severity === "error"))) return;
  const found = findings.map(({ structure, offset, problem }) => `${structure} at ${offset} ${problem}`);
  throw new Error(`${when} the check finds: ${found.join("; ")}`);
}
