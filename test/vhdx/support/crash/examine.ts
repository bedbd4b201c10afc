import { WritableDisk } from "../../../../src/vhdx/disk/writable-disk.ts";
import { VhdxError } from "../../../../src/vhdx/error.ts";
import type { MemoryFile } from "../memory-file.ts";
import { type Operation, recording } from "../recorder.ts";
import { checkFile } from "./checker.ts";
import { type Content, contentOf, NAME, readOnly, sameContent, type View } from "./content.ts";
import type { Scenario } from "./scenario.ts";

/** What reopening found and did. */
export interface Reopened {
  /** Undefined when there is no disk in the file. */
  readonly content: Content | undefined;
  /** What recovery did to the file. */
  readonly recovery: readonly Operation[];
}

/**
 * Opens what a cut left, for reading and then for writing: both must show the same, and the checker must find nothing.
 * `file` stays as it is.
 */
export async function reopen(file: MemoryFile, { view, mayBeNoDisk }: Scenario): Promise<Reopened> {
  let content: Content;
  try {
    content = await contentOf(file, view);
  } catch (error) {
    if (mayBeNoDisk && error instanceof VhdxError) return { content: undefined, recovery: [] };
    throw error;
  }
  const recovered = file.copy();
  const recovery: Operation[] = [];
  const disk = await WritableDisk.on(recording(recovered, recovery), NAME, view.options);
  await disk.close();
  if (recovery.length > 0) {
    await check(file, view, "before recovery", false);
    const again = await contentOf(recovered, view);
    if (!sameContent(again, content)) throw new Error("recovery shows something else than reading did");
  }
  await check(recovered, view, "when recovered", true);
  return { content, recovery };
}

async function check(file: MemoryFile, { options }: View, when: string, mustBeClean: boolean): Promise<void> {
  const result = await checkFile?.(readOnly(file), NAME, options);
  if (result === undefined) return;
  const errors = result.findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0 && (result.isClean || !mustBeClean)) return;
  throw new Error(`${when} the check finds ${JSON.stringify(result.findings)}`);
}
