import { createServer } from "node:net";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentClient, createAgentClient } from "../../src/agent-client/agent-client.ts";
import { type OwnProcess, startProcess } from "./own-processes.ts";

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

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("no port is free");
  return address.port;
}
