import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Timing } from "../statistics.ts";

/** What the machine allows, measured in a process of its own. */
export async function probe(
  mode: "create" | "life",
  directory: string,
  count: number,
  concurrency: number,
): Promise<Timing> {
  const script = join(import.meta.dirname, "limit-probe.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    mode,
    join(directory, "probe"),
    String(count),
    String(concurrency),
  ]);
  return JSON.parse(stdout) as Timing;
}
