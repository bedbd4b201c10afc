import { writeFile } from "node:fs/promises";
import { execa } from "execa";
import { startTestAgent, TEST_KEY, type TestAgent } from "../../support/agent.ts";
import { bundleOf } from "../../support/bundle.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

/** How a run of the program ended, and what it printed to the last character. */
export interface Run {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string>>;

/** Starts the program with nothing of this machine's configuration: only what `env` says. */
export function startProgram(bundle: string, env: Environment, args: readonly string[]) {
  return execa(process.execPath, [bundle, ...args], {
    reject: false,
    stripFinalNewline: false,
    extendEnv: false,
    env: { HOME: "/nonexistent", ...env },
    stdin: "ignore",
  });
}

/** Runs the program to its end. */
export async function runProgram(bundle: string, env: Environment, args: readonly string[]): Promise<Run> {
  const { exitCode, stdout, stderr } = await startProgram(bundle, env, args);
  return { exitCode, stdout, stderr };
}

/** The program and a real agent, which the environment names. */
export interface OperatorRig {
  readonly bundle: string;
  /** A place for files of the test. */
  readonly path: (...names: string[]) => string;
  readonly agent: TestAgent;
  readonly environment: Environment;
  run(...args: string[]): Promise<Run>;
  /** Runs a command that is to succeed without a word on standard error; what it printed. */
  output(...args: string[]): Promise<string>;
  /** The same with `-o json`, parsed. */
  json(...args: string[]): Promise<unknown>;
}

/** For the tests of the enclosing `describe`. */
export function operatorRig(): OperatorRig {
  let agent: TestAgent | undefined;
  // Before its directory goes.
  after(() => agent?.close());
  const bundle = bundleOf();
  const path = temporaryDirectory();
  before(async () => {
    await writeFile(path("api.key"), `${TEST_KEY}\n`);
    agent = await startTestAgent(path("pool"));
  });
  const rig: OperatorRig = {
    bundle,
    path,
    get agent() {
      if (agent === undefined) throw new Error("the agent is not there yet");
      return agent;
    },
    get environment() {
      return { HYPERV_CSI_AGENT_URL: rig.agent.url, HYPERV_CSI_API_KEY_FILE: path("api.key") };
    },
    run: (...args) => runProgram(bundle, rig.environment, args),
    output: async (...args) => succeeded(await rig.run(...args), args),
    json: async (...args) => JSON.parse(await rig.output(...args, "-o", "json")) as unknown,
  };
  return rig;
}

/** What a run printed that is to have succeeded without a word on standard error. */
export function succeeded({ exitCode, stdout, stderr }: Run, args: readonly string[]): string {
  if (exitCode === 0 && stderr === "") return stdout;
  throw new Error(`${args.join(" ")} ended with ${String(exitCode)}: ${stderr}`);
}

/** The cells of a printed table, row by row. */
export function cells(table: string): string[][] {
  return table
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
}
