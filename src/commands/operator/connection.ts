import { randomUUID } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { type AgentClient, type ClientCall, createAgentClient } from "../../agent-client/agent-client.ts";
import { readTextFile } from "../../kit/config.ts";
import { DEFAULT_BUDGET_MS } from "../../kit/deadline.ts";
import { StatusError } from "../../kit/errors.ts";
import { type Profile, readProfile, usualProfilesFile } from "./profiles.ts";

/** Where `hyperv-csi up` says how its agent is reached. */
const UP_ADDRESS = "/var/lib/hyperv-csi/up.json";

export interface ConnectionOptions {
  readonly agentUrl?: string;
  readonly apiKeyFile?: string;
  readonly caFile?: string;
  readonly profile?: string;
  readonly profiles?: string;
}

/** Adds the options that say which agent is meant. */
export function addConnectionOptions(command: Command): Command {
  return command
    .addOption(new Option("--agent-url <url>", "the agent's address").env("HYPERV_CSI_AGENT_URL"))
    .addOption(new Option("--api-key-file <file>", "file with the key").env("HYPERV_CSI_API_KEY_FILE"))
    .addOption(
      new Option("--ca-file <file>", "authority of the agent's certificate, PEM").env("HYPERV_CSI_CA_FILE"),
    )
    .addOption(new Option("--profile <name>", "an agent in the file of profiles").env("HYPERV_CSI_PROFILE"))
    .addOption(
      new Option("--profiles <file>", "file of profiles (default: ~/.config/hyperv-csi/config.yaml)").env(
        "HYPERV_CSI_PROFILES",
      ),
    );
}

/** The agent that the options name, else the profile's, else that of `hyperv-csi up` on this machine. */
export async function connect(options: ConnectionOptions): Promise<AgentClient> {
  const { url, keyFile, caFile } = await findAgent(options);
  const apiKey = (await readTextFile(keyFile)).trim();
  const ca = caFile === undefined ? {} : { ca: await readTextFile(caFile) };
  return createAgentClient({ url: url.replace(/\/$/, ""), apiKey, ...ca });
}

async function findAgent(options: ConnectionOptions): Promise<Profile> {
  const { agentUrl, apiKeyFile, caFile, profile, profiles } = options;
  if (agentUrl !== undefined) {
    if (apiKeyFile === undefined) throw invalid("--agent-url needs --api-key-file");
    if (!URL.canParse(agentUrl)) throw invalid(`--agent-url ${agentUrl} is not a URL`);
    return { url: agentUrl, keyFile: apiKeyFile, ...(caFile === undefined ? {} : { caFile }) };
  }
  const file = profiles ?? usualProfilesFile();
  if (profile !== undefined || profiles !== undefined || (await exists(file))) {
    return await readProfile(file, profile);
  }
  const up = await runningUp();
  if (up !== undefined) return up;
  throw invalid(
    `which agent? Name it with --agent-url and --api-key-file, or in a profile: ${join(file)} is not there`,
  );
}

async function runningUp(): Promise<Profile | undefined> {
  if (!(await exists(UP_ADDRESS))) return undefined;
  const { agentUrl, apiKeyFile } = JSON.parse(await readFile(UP_ADDRESS, "utf8")) as Record<string, string>;
  return agentUrl === undefined || apiKeyFile === undefined
    ? undefined
    : { url: agentUrl, keyFile: apiKeyFile };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}

/** A call that ends when the command is interrupted, or its time is over. */
export function newCall(signal: AbortSignal, requestId: string = randomUUID()): ClientCall {
  return {
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEFAULT_BUDGET_MS)]),
    requestId,
    deadline: performance.now() + DEFAULT_BUDGET_MS,
  };
}
