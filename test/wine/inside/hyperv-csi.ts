import { execFile } from "node:child_process";

/** The product's bundle, as the runner names it. */
export const bundle = process.argv[3] ?? "";

export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the product to its end. */
export function hypervCsi(...args: readonly string[]): Promise<Done> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bundle, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
    child.stdin?.end();
  });
}
