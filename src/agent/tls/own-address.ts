import { join } from "node:path";
import type { AgentConfig } from "../config/agent-config.ts";
import { parseListen } from "../listen-address.ts";
import { selfMadeFiles } from "./self-made.ts";

/** Where an agent is found from its own machine. */
export interface AgentEndpoint {
  readonly host: string;
  readonly port: number;
  /** The certificate that it serves; undefined for plain HTTP. */
  readonly certFile: string | undefined;
}

/** Of an agent with this configuration, whether it runs or not. */
export function agentAddress({
  listen,
  tlsCertFile,
  clientCaFile,
  stateDirectory,
}: Pick<AgentConfig, "listen" | "tlsCertFile" | "clientCaFile" | "stateDirectory">): AgentEndpoint {
  const { host, port, isLoopback } = parseListen(listen);
  const isPlain = isLoopback && tlsCertFile === undefined && clientCaFile === undefined;
  const own = selfMadeFiles(join(stateDirectory, "tls")).certFile;
  return {
    host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host,
    port,
    certFile: isPlain ? undefined : (tlsCertFile ?? own),
  };
}
