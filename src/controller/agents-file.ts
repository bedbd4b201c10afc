import { dirname, resolve } from "node:path";
import { createAgentClient } from "../agent-client/agent-client.ts";
import { API_KEY_TEXT } from "../agent-client/headers.ts";
import { isGroupName } from "../csi/handle.ts";
import { isMapping, readConfigFile, readTextFile } from "../kit/config.ts";
import { StatusError } from "../kit/errors.ts";
import { Groups, type Group } from "./groups.ts";

/** Paths are relative to the agents file. */
interface AgentEntry {
  readonly group: string;
  readonly url: string;
  readonly apiKeyFile: string;
  readonly caFile?: string;
}

/** Reads the agents a controller talks to, YAML or JSON. @throws StatusError INVALID_ARGUMENT saying what is wrong where */
export async function readAgentsFile(path: string): Promise<Groups> {
  const entries = readEntries(await readConfigFile(path), path);
  const groups = await Promise.all(entries.map((entry) => groupOf(entry, dirname(path))));
  return new Groups(groups);
}

function readEntries(value: unknown, path: string): AgentEntry[] {
  if (!isMapping(value) || !Array.isArray(value["agents"]) || value["agents"].length === 0) {
    throw invalid(path, "agents is not a list of at least one agent");
  }
  const entries = value["agents"].map((entry: unknown, index) => readEntry(entry, path, `agents[${index}]`));
  const names = entries.map(({ group }) => group);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(path, `group ${twice} is there twice`);
  return entries;
}

function readEntry(entry: unknown, path: string, where: string): AgentEntry {
  if (!isMapping(entry)) throw invalid(path, `${where} is not an object`);
  const text = (key: string): string => {
    const value = entry[key];
    if (typeof value === "string" && value !== "") return value;
    throw invalid(path, `${where}.${key} is ${value === undefined ? "missing" : "not a text"}`);
  };
  const known = ["group", "url", "apiKeyFile", "caFile"];
  const unknown = Object.keys(entry).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw invalid(path, `${where}.${unknown} is not known; there are ${known.join(", ")}`);
  const group = text("group");
  if (!isGroupName(group)) throw invalid(path, `${where}.group ${JSON.stringify(group)} is not a DNS label`);
  const url = text("url");
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(url))
    throw invalid(path, `${where}.url ${url} is not http(s)://HOST:PORT`);
  const caFile = entry["caFile"] === undefined ? {} : { caFile: text("caFile") };
  return { group, url, apiKeyFile: text("apiKeyFile"), ...caFile };
}

async function groupOf(entry: AgentEntry, directory: string): Promise<Group> {
  const apiKey = await readKey(resolve(directory, entry.apiKeyFile));
  const ca = entry.caFile === undefined ? {} : { ca: await readTextFile(resolve(directory, entry.caFile)) };
  return { name: entry.group, agent: createAgentClient({ url: entry.url, apiKey, ...ca }) };
}

/** A key travels in a header: one line of printable characters. */
async function readKey(path: string): Promise<string> {
  const key = (await readTextFile(path)).trim();
  if (API_KEY_TEXT.test(key)) return key;
  throw invalid(path, key === "" ? "the API key is empty" : "an API key is one word of ASCII characters");
}

function invalid(path: string, problem: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", `${path}: ${problem}`);
}
