import { win32 } from "node:path";
import { Type } from "typebox";
import { stringify } from "yaml";
import { checkedConfig } from "../../kit/config.ts";
import { AgentConfig } from "../config/agent-config.ts";
import type { Places } from "./places.ts";
import type { PlanRequest } from "./request.ts";

const ConfigFile = Type.Partial(AgentConfig, { additionalProperties: false });
export type ConfigFile = Partial<AgentConfig>;

/** The configuration that is there, or the one that an installation writes, as the text and what it means. */
export interface Configuration {
  readonly text: string;
  readonly config: ConfigFile;
}

/** @throws StatusError INVALID_ARGUMENT for one that the agent would refuse, with the line */
export function configurationOf({ facts, wishes }: PlanRequest, places: Places): Configuration {
  const text =
    facts.configuration ??
    stringify({
      group: wishes.group ?? undefined,
      listen: `0.0.0.0:${wishes.port}`,
      apiKeyFile: places.keyFile,
      stateDirectory: win32.join(places.config, "state"),
      auditLogFile: win32.join(places.logs, "audit.log"),
      host: "hyperv",
      // None at all is told as what is missing on the command line.
      pools: wishes.pools.length === 0 ? undefined : wishes.pools.map(poolOf),
    });
  return { text, config: checkedConfig(places.configFile, text, ConfigFile) };
}

/** `NAME=DIRECTORY` or a directory alone; a drive's colon is no part of a name. */
function poolOf(text: string): { name: string; directory: string } {
  const [, name = "default", directory = text] = /^([^=/\\:]+)=(.*)$/.exec(text) ?? [];
  return { name, directory };
}

export function directoriesOf({ pools = [] }: ConfigFile): string[] {
  return pools.map(({ directory }) => directory);
}

export function portOf({ listen = "" }: ConfigFile): number {
  return Number(/:(\d+)$/.exec(listen)?.[1] ?? 9810);
}
