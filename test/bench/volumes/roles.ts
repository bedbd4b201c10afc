import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { bundlePath } from "../../../scripts/build.ts";
import { startProcess, type OwnProcess } from "../../support/own-processes.ts";

/** A role started from the bundle. */
export interface RoleFigures {
  readonly startToReadyMs: number;
  /** Resident memory some seconds after it was ready, without a call. */
  readonly idleMiB: number;
}

const IDLE_MS = 4000;

/** Starts each role from the bundle, one after the other, and looks at it. */
export async function measureRoles(directory: string): Promise<Readonly<Record<string, RoleFigures>>> {
  await mkdir(directory, { recursive: true });
  const at = (name: string) => join(directory, name);
  await writeFile(at("key"), randomUUID());
  await writeFile(
    at("agents.yaml"),
    "agents:\n  - group: bench\n    url: http://127.0.0.1:1\n    apiKeyFile: key\n",
  );
  const commands = {
    agent: ["--listen", "127.0.0.1:0", "--api-key-file", at("key"), "--pool", at("pool"), "--group", "bench"],
    controller: ["--endpoint", `unix://${at("c.sock")}`, "--agents", at("agents.yaml")],
    node: ["--endpoint", `unix://${at("n.sock")}`, "--node-id", randomUUID(), "--group", "bench"],
  };
  const figures: Record<string, RoleFigures> = {};
  for (const [role, options] of Object.entries(commands)) {
    const started = performance.now();
    const child = startProcess(process.execPath, [bundlePath, role, ...options]);
    await child.says(new RegExp(`${role} is ready`));
    const startToReadyMs = performance.now() - started;
    await setTimeout(IDLE_MS);
    figures[role] = { startToReadyMs, idleMiB: await residentMiB(child) };
    await child.kill("SIGTERM");
  }
  return figures;
}

async function residentMiB({ pid }: OwnProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
