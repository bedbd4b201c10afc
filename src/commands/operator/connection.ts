import { Option, type Command } from "commander";
import { type AgentClient, createAgentClient } from "../../agent-client/agent-client.ts";
import { API_KEY_TEXT } from "../../agent-client/headers.ts";
import { readTextFile } from "../../kit/config.ts";
import { StatusError } from "../../kit/errors.ts";
import type { AgentPlace } from "./profiles.ts";
import type { Said } from "./which-agent.ts";

const connectionOptions = [
  ["agentUrl", "--agent-url <url>", "the agent's address, such as https://host-1:8443"],
  ["apiKeyFile", "--api-key-file <file>", "file with the key to show to it"],
  ["caFile", "--ca-file <file>", "authority of the agent's certificate, PEM"],
  ["profile", "--profile <name>", "an agent in the file of profiles"],
  ["profiles", "--profiles <file>", "file of profiles (default: ~/.config/hyperv-csi/config.yaml)"],
] as const;

/** Adds the options that say which agent is meant. */
export function addConnectionOptions(command: Command): Command {
  for (const [, flags, about] of connectionOptions) {
    const option = new Option(flags, about);
    const variable = `HYPERV_CSI_${option.name().replaceAll("-", "_").toUpperCase()}`;
    command.addOption(option.env(variable));
  }
  return command;
}

/** What the command line, or the environment, says of the agent. An empty variable says nothing. */
export function saidBy(command: Command, source: "cli" | "env"): Said {
  const said = connectionOptions.flatMap(([name]) => {
    const value: unknown = command.getOptionValue(name);
    if (command.getOptionValueSource(name) !== source || (source === "env" && value === "")) return [];
    return [[name, value]];
  });
  return Object.fromEntries(said) as Said;
}

/** @throws StatusError INVALID_ARGUMENT for a file that can't be read, or holds no key */
export async function connect({ url, keyFile, caFile }: AgentPlace): Promise<AgentClient> {
  const apiKey = await readKey(keyFile);
  const ca = caFile === undefined ? {} : { ca: await readTextFile(caFile) };
  return createAgentClient({ url: url.replace(/\/$/, ""), apiKey, ...ca });
}

async function readKey(file: string): Promise<string> {
  const key = (await readTextFile(file)).trim();
  if (API_KEY_TEXT.test(key)) return key;
  const problem = key === "" ? "is empty" : "holds more than one key, or none";
  throw new StatusError("INVALID_ARGUMENT", `${file} ${problem}: it is to have the key alone`);
}
