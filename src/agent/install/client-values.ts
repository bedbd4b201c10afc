import { win32 } from "node:path";
import { stringify } from "yaml";
import { type ConfigFile, portOf } from "./configuration.ts";
import type { Places } from "./places.ts";
import type { PlanRequest } from "./request.ts";

/** What the controller in the cluster has to know of the agent, for the chart's values and its file of agents. */
export function clientValues({ facts, wishes }: PlanRequest, config: ConfigFile, places: Places): string[] {
  const { group = "", apiKeyFile = places.keyFile, tlsCertFile, stateDirectory = places.config } = config;
  // Where agent/tls keeps it, in the words of Windows.
  const certificate = tlsCertFile ?? win32.join(stateDirectory, "tls", "tls.crt");
  // In a cluster the role has a name of its own.
  const name = wishes.clustered ? `ADDRESS-OF-THE-ROLE` : facts.name;
  const agents = {
    agents: [{ group, url: `https://${name}:${portOf(config)}`, apiKeyFile: group, caFile: `${group}.crt` }],
  };
  return [
    "For the controller's file of agents:",
    ...stringify(agents).trimEnd().split("\n"),
    `The key is in ${apiKeyFile}: bring it as the file ${group}.`,
    `The certificate is ${certificate}: bring it as the file ${group}.crt.`,
  ];
}
