import type { Command } from "commander";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { AgentConfig } from "../../agent/config/agent-config.ts";
import { configDefaults } from "../../agent/config/defaults.ts";
import { problemsOf, readCheckedConfig } from "../../kit/config.ts";
import { StatusError } from "../../kit/errors.ts";
import { environmentName, flags, longName } from "./flags.ts";

type Key = keyof AgentConfig;
export const configKeys = Object.keys(AgentConfig.properties) as Key[];

/** A configuration, and where each of its settings comes from. */
export interface EffectiveConfig {
  readonly config: AgentConfig;
  readonly origins: ReadonlyMap<Key, string>;
}

const defaults: Partial<Record<Key, unknown>> = configDefaults;

/** What stands in a file: any of the settings. */
const ConfigFile = Type.Partial(AgentConfig, { additionalProperties: false });

/**
 * Brings the sources together: the file gives way to the environment, that to options.
 * @throws StatusError INVALID_ARGUMENT naming the source, and in a file the line, of each thing that is wrong.
 */
export async function effectiveConfig(command: Command, file: string | undefined): Promise<EffectiveConfig> {
  const fromFile = file === undefined ? {} : await readCheckedConfig(file, ConfigFile);
  const values: Partial<Record<Key, unknown>> = {};
  const origins = new Map<Key, string>();
  for (const key of configKeys) {
    const given = givenTo(command, key);
    if (given !== undefined) {
      values[key] = given.value;
      origins.set(key, given.origin);
    } else if (file !== undefined && fromFile[key] !== undefined) {
      values[key] = fromFile[key];
      origins.set(key, file);
    } else if (defaults[key] !== undefined) {
      values[key] = defaults[key];
      origins.set(key, "default");
    }
  }
  const missing = (["apiKeyFile", "group", "pools"] as const).filter((key) => values[key] === undefined);
  if (missing.length > 0) {
    const flagsOf = missing.map((key) => `--${longName(key)}`).join(", ");
    throw invalid(`${flagsOf} must be given, or ${missing.join(", ")} in the file of --config`);
  }
  if (!Value.Check(AgentConfig, values)) {
    const problems = problemsOf(AgentConfig, values).map(
      ({ place, text }) => `${origins.get(place[0] as Key) ?? ""}: ${place.join(".")} ${text}`,
    );
    throw invalid(problems.join("\n"));
  }
  return { config: values, origins };
}

/** What an option or the environment says. */
function givenTo(command: Command, key: Key): { value: unknown; origin: string } | undefined {
  const attribute = longName(key).replaceAll(/-(.)/g, (_dash, letter: string) => letter.toUpperCase());
  const source = command.getOptionValueSource(attribute);
  if (source !== "cli" && source !== "env") return undefined;
  const { fromText, isList } = flags[key];
  // Commander takes a flag's variable for set whatever it says, and "false" too.
  const raw: unknown =
    source === "env" ? process.env[environmentName(key)] : command.getOptionValue(attribute);
  const texts = [raw].flat().map(String);
  const parts = isList === true && source === "env" ? texts.flatMap((text) => text.split(",")) : texts;
  const values = parts.map(fromText);
  const origin = source === "env" ? environmentName(key) : `--${longName(key)}`;
  return { value: isList === true ? values : values[0], origin };
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}
