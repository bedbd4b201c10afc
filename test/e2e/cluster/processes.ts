import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A process of the cluster that runs until it is killed. */
export interface Running {
  /** The process itself. Whatever starts it for us in a namespace stands above it. */
  pid(): Promise<number>;
  /** True until it has ended. */
  alive(): boolean;
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts processes whose output is kept in a directory of logs. */
export class Processes {
  readonly #logs: string;

  constructor(logs: string) {
    this.#logs = logs;
  }

  /** What a process has written, by the name that it was started under. */
  async output(name: string): Promise<string> {
    return await readFile(this.#log(name), "utf8");
  }

  start(name: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
    const child = this.#spawn(name, command, env);
    return { pid: () => Promise.resolve(child.pid ?? 0), ...lifeOf(child, () => child.pid) };
  }

  /** Starts a process by a program that makes or enters a namespace and waits in front of it. */
  startBehind(name: string, front: readonly string[], command: readonly string[]): Running {
    const child = this.#spawn(name, [...front, ...command], {});
    const pid = async () => {
      for (;;) {
        const inner = await childOf(child.pid ?? 0);
        if (inner !== undefined) return inner;
        if (child.exitCode !== null) throw new Error(`${name} did not start: ${await this.output(name)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    return { pid, ...lifeOf(child, pid) };
  }

  #log(name: string): string {
    return join(this.#logs, `${name}.log`);
  }

  #spawn(name: string, [program = "", ...args]: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const log = createWriteStream(this.#log(name), { flags: "a" });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    return child;
  }
}

function lifeOf(child: ChildProcess, pid: () => number | undefined | Promise<number>) {
  const alive = () => child.exitCode === null && child.signalCode === null;
  return {
    alive,
    kill: async (signal: NodeJS.Signals) => {
      if (!alive()) return;
      const end = once(child, "exit");
      process.kill((await pid()) ?? 0, signal);
      await end;
    },
  };
}

async function childOf(pid: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return children.trim() === "" ? undefined : Number(children.trim().split(" ")[0]);
}
