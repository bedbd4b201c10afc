import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { parseDocument } from "yaml";
import { createAgentClient } from "../agent-client/agent-client.ts";
import { isGroupName } from "../csi/handle.ts";
import { StatusError } from "../kit/errors.ts";
import { Groups, type Group } from "./groups.ts";

const AgentEntry = Type.Object(
  {
    group: Type.String(),
    url: Type.String({ pattern: "^https?://[^/?#]+/?$" }),
    /** Paths are relative to the agents file. */
    apiKeyFile: Type.String({ minLength: 1 }),
    caFile: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);
const AgentsFile = Type.Object(
  { agents: Type.Array(AgentEntry, { minItems: 1 }) },
  { additionalProperties: false },
);
type AgentEntry = Static<typeof AgentEntry>;
const validator = Compile(AgentsFile);

/** Reads the agents a controller talks to, YAML or JSON. @throws StatusError INVALID_ARGUMENT saying what is wrong where */
export async function readAgentsFile(path: string): Promise<Groups> {
  const entries = parseAgents(await readText(path), path);
  const groups = await Promise.all(entries.map((entry) => groupOf(entry, dirname(path))));
  return new Groups(groups);
}

function parseAgents(text: string, path: string): AgentEntry[] {
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax !== undefined) throw invalid(path, syntax.message.split("\n")[0] ?? syntax.code);
  const value: unknown = document.toJS();
  if (!validator.Check(value)) {
    const [first] = validator.Errors(value);
    throw invalid(path, `${first?.instancePath ?? ""} ${first?.message ?? "is not a list of agents"}`.trim());
  }
  const names = value.agents.map(({ group }) => group);
  const bad = names.find((name) => !isGroupName(name));
  if (bad !== undefined) throw invalid(path, `group ${JSON.stringify(bad)} is not a DNS label`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(path, `group ${twice} is there twice`);
  return value.agents;
}

async function groupOf(entry: AgentEntry, directory: string): Promise<Group> {
  const apiKey = (await readText(resolve(directory, entry.apiKeyFile))).trim();
  const ca = entry.caFile === undefined ? {} : { ca: await readText(resolve(directory, entry.caFile)) };
  return { name: entry.group, agent: createAgentClient({ url: entry.url, apiKey, ...ca }) };
}

async function readText(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `${path} can't be read: ${StatusError.from(error).message}`,
      error,
    );
  });
}

function invalid(path: string, problem: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", `${path}: ${problem}`);
}
