import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export type Tool = "qemu-img" | "qemu-io" | "vhdiinfo" | "vhdimount";

/** Output of a foreign tool; an Error with its output when it fails. */
export async function tool(name: Tool, ...args: string[]): Promise<string> {
  const { stdout } = await run(name, args, { encoding: "utf8", maxBuffer: 1 << 24 });
  return stdout;
}

/** For `before`: skips the suite when a tool is not installed, and fails instead where tests must all run. */
export function needs(...names: Tool[]): (this: Mocha.Context) => Promise<void> {
  return async function () {
    for (const name of names) {
      const version = name.startsWith("vhdi") ? "-V" : "--version";
      try {
        await run(name, [version]);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        if (process.env["CI"]) throw new Error(`${name} is not installed`, { cause: error });
        console.log(`      skipped: ${name} is not installed (Debian: qemu-utils, libvhdi-utils)`);
        this.skip();
      }
    }
  };
}

export interface QemuInfo {
  format: string;
  virtualSize: bigint;
  clusterSize: number;
}

/** What `qemu-img info` says about a file. */
export async function qemuInfo(path: string): Promise<QemuInfo> {
  const info = JSON.parse(await tool("qemu-img", "info", "--output=json", path)) as {
    format: string;
    "virtual-size": number;
    "cluster-size": number;
  };
  return {
    format: info.format,
    virtualSize: BigInt(info["virtual-size"]),
    clusterSize: info["cluster-size"],
  };
}

/** Passes when `qemu-img check` finds nothing wrong. */
export async function qemuCheck(path: string): Promise<void> {
  await tool("qemu-img", "check", "-f", "vhdx", path);
}
