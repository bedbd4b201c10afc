import { X509Certificate } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { AgentAddress } from "../agent-client/agent-client.ts";
import { API_KEY_TEXT } from "../agent-client/headers.ts";
import { isGroupName } from "../csi/handle.ts";
import { isMapping, readConfigFile, readTextFile } from "../kit/config.ts";
import { StatusError } from "../kit/errors.ts";

/** One agent as its file has it. */
export interface AgentEntry {
  readonly group: string;
  readonly url: string;
  /** Whole path. */
  readonly apiKeyFile: string;
  /** Whole path. */
  readonly caFile?: string;
}

/**
 * Reads the list of agents a controller talks to, YAML or JSON; paths in it are relative to it.
 * @throws StatusError INVALID_ARGUMENT saying what is wrong where
 */
export async function readAgentsFile(path: string): Promise<AgentEntry[]> {
  return readEntries(await readConfigFile(path), path);
}

/** Reads the key and CA of an agent. @throws StatusError INVALID_ARGUMENT with the path of what can't be used */
export async function readAddress({ url, apiKeyFile, caFile }: AgentEntry): Promise<AgentAddress> {
  const apiKey = await readKey(apiKeyFile);
  return { url, apiKey, ...(caFile === undefined ? {} : { ca: await readCa(caFile) }) };
}

function readEntries(value: unknown, path: string): AgentEntry[] {
  if (!isMapping(value) || !Array.isArray(value["agents"]) || value["agents"].length === 0) {
    throw invalid(path, "agents is not a list of at least one agent");
  }
  const entries = value["agents"].map((entry: unknown, index) => readEntry(entry, path, `agents[${index}]`));
  const twice =
    repeated(entries.map(({ group }) => `group ${group}`)) ??
    repeated(entries.map(({ url }) => `url ${url}`));
  if (twice !== undefined) throw invalid(path, `${twice} is there twice`);
  return entries;
}

function repeated(texts: readonly string[]): string | undefined {
  return texts.find((text, index) => texts.indexOf(text) !== index);
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
  const file = (key: string) => resolve(dirname(path), text(key));
  const caFile = entry["caFile"] === undefined ? {} : { caFile: file("caFile") };
  return { group, url: url.replace(/\/$/, ""), apiKeyFile: file("apiKeyFile"), ...caFile };
}

/** A key travels in a header: one line of printable characters. */
async function readKey(path: string): Promise<string> {
  const key = (await readTextFile(path)).trim();
  if (API_KEY_TEXT.test(key)) return key;
  throw invalid(path, key === "" ? "the API key is empty" : "an API key is one word of ASCII characters");
}

/** A CA that is none would fail each request with a message of OpenSSL's. */
async function readCa(path: string): Promise<string> {
  const ca = await readTextFile(path);
  try {
    new X509Certificate(ca);
    return ca;
  } catch (error) {
    throw invalid(path, `it is not a certificate in PEM: ${StatusError.from(error).message}`);
  }
}

function invalid(path: string, problem: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", `${path}: ${problem}`);
}
