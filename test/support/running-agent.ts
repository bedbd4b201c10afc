import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentClient, createAgentClient } from "../../src/agent-client/agent-client.ts";
import { type OwnProcess, startProcess } from "./own-processes.ts";

/** Below those that Linux and Windows hand out by themselves. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const KEY = "key-of-the-tests-0123456789";

/** A real process `agent` that serves. */
export interface RunningAgent {
  readonly process: OwnProcess;
  readonly url: string;
  readonly keyFile: string;
  readonly client: AgentClient;
}

/** What a test gives its agents, one after the other on one port. */
export interface AgentPlace {
  /** The product's bundle. */
  readonly program: string;
  readonly port: number;
  /** Directory for its key. */
  readonly directory: string;
  /** Options of the command. */
  readonly options: readonly string[];
}

/** Starts an agent, which does not serve yet. */
export async function spawnAgent({ program, port, directory, options }: AgentPlace): Promise<OwnProcess> {
  const keyFile = keyFileIn(directory);
  await writeFile(keyFile, KEY, { mode: 0o600 });
  const own = [
    "agent",
    "--listen",
    `127.0.0.1:${port}`,
    "--api-key-file",
    keyFile,
    "--group",
    "test",
    "--state-dir",
    join(directory, "state"),
  ];
  return startProcess(process.execPath, [program, ...own, ...options]);
}

/** Starts an agent and waits until it serves. */
export async function startAgentProcess(place: AgentPlace): Promise<RunningAgent> {
  const own = await spawnAgent(place);
  await own.says(/agent is ready/);
  const url = `http://127.0.0.1:${place.port}`;
  const client = createAgentClient({ url, apiKey: KEY });
  return { process: own, url, keyFile: keyFileIn(place.directory), client };
}

const keyFileIn = (directory: string) => join(directory, "api.key");

/**
 * A port that nobody listens on now. It is none of those that the kernel hands out: one of these may be another's by the
 * time that it is used, or used again after a restart.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + randomInt(PORTS);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
