import { join } from "node:path";
import { execa } from "execa";

const main = join(import.meta.dirname, "../../../src/main.ts");

/** What a run of `hyperv-csi vhdx …` printed and how it ended. */
export interface Run {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real program. */
export async function vhdx(...args: readonly string[]): Promise<Run> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [main, "vhdx", ...args], {
    reject: false,
  });
  return { exitCode, stdout, stderr };
}

/** The same, in the background. */
export function startVhdx(...args: readonly string[]) {
  return execa(process.execPath, [main, "vhdx", ...args], { reject: false });
}
