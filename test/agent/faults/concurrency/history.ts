import { writeFile } from "node:fs/promises";
import { execa } from "execa";
import { goTools } from "../../../support/go-program.ts";

/** A volume as a client was told of it; an absent one has empty texts and no size. */
export interface Told {
  readonly id: string;
  readonly size: number;
  readonly vm: string;
  readonly label: string;
}

/** What one client asked for and was told; the shape that the checker reads. Times are nanoseconds. */
export interface Operation {
  readonly client: number;
  readonly name: string;
  readonly kind: "create" | "delete" | "get" | "list" | "expand" | "label" | "attach" | "detach";
  readonly id?: string;
  readonly size?: number;
  readonly vm?: string;
  readonly label?: string;
  readonly call: number;
  readonly return: number;
  readonly code: string;
  readonly answer?: Told;
}

/** The verdict of porcupine: whether each operation can have happened at one instant within its time. */
export async function check(
  operations: readonly Operation[],
  file: string,
): Promise<{ linearizable: boolean; said: string }> {
  await writeFile(file, JSON.stringify(operations));
  const { exitCode, all } = await execa("go", ["run", "./linearizable", file], {
    cwd: goTools,
    reject: false,
    all: true,
  });
  if (exitCode !== 0 && !all.includes("not linearizable")) throw new Error(`no verdict: ${all}`);
  return { linearizable: exitCode === 0, said: all };
}
