import { join } from "node:path";
import { Value } from "typebox/value";
import { AgentConfig } from "./agent-config.ts";

/** Where programs keep what is theirs on this machine. */
const machineState =
  process.platform === "win32" ? (process.env["ProgramData"] ?? "C:\\ProgramData") : "/var/lib";

/** What is set when nobody says anything. */
export const configDefaults = Value.Default(AgentConfig, {
  stateDirectory: join(machineState, "hyperv-csi"),
}) as Omit<AgentConfig, "apiKeyFile" | "group" | "pools">;
