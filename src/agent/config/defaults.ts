import { Value } from "typebox/value";
import { AgentConfig } from "./agent-config.ts";
import { platformDefaults } from "./platform-defaults.ts";

/** What is set when nobody says anything. */
export const configDefaults = Value.Default(AgentConfig, {
  stateDirectory: platformDefaults().stateDirectory,
}) as Omit<AgentConfig, "apiKeyFile" | "group" | "pools">;
