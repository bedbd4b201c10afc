import { readFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { Command, Option } from "commander";
import parseDuration from "parse-duration";
import { agentAddress, type AgentEndpoint } from "../../agent/tls/own-address.ts";
import { StatusError } from "../../kit/errors.ts";
import { effectiveConfig } from "./effective-config.ts";

const BETWEEN_MS = 500;
const ONE_REQUEST_MS = 10_000;

/** Waits for the agent of a configuration on this machine: 0 once it is ready, 1 when the time is over. */
export function waitReadyCommand(): Command {
  return new Command("wait-ready")
    .description("wait until the agent of a configuration serves on this machine")
    .requiredOption("--config <file>", "the agent's file of settings")
    .addOption(new Option("--timeout <time>", "longest to wait, such as 90s or 5m").default("60s"))
    .action(async ({ config: file, timeout }: { config: string; timeout: string }, command: Command) => {
      const milliseconds = parseDuration(timeout);
      if (milliseconds === null)
        throw new StatusError("INVALID_ARGUMENT", `${timeout} is no time such as 90s or 5m`);
      const { config } = await effectiveConfig(command, file);
      await waitFor(agentAddress(config), performance.now() + milliseconds);
      process.stdout.write("the agent is ready\n");
    });
}

async function waitFor(endpoint: AgentEndpoint, until: number): Promise<void> {
  for (;;) {
    const problem = await whyNotReady(endpoint);
    if (problem === undefined) return;
    if (performance.now() > until) {
      throw new StatusError("UNAVAILABLE", `the agent is not ready: ${problem}; its log says why`);
    }
    await delay(BETWEEN_MS);
  }
}

async function whyNotReady({ host, port, certFile }: AgentEndpoint): Promise<string | undefined> {
  try {
    const [status, body] = await ask(
      host,
      port,
      certFile === undefined ? undefined : await readFile(certFile),
    );
    return status === 200 ? undefined : `it answers ${status}: ${body.slice(0, 300)}`;
  } catch (error) {
    // An agent that asks its clients for a certificate serves.
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(code) ? undefined : StatusError.from(error).message;
  }
}

/** The certificate itself is trusted, whatever it is called in: this machine is known by many names. */
async function ask(host: string, port: number, ca: Buffer | undefined): Promise<[number, string]> {
  const options = {
    host,
    port,
    path: "/readyz",
    agent: false as const,
    signal: AbortSignal.timeout(ONE_REQUEST_MS),
  };
  return await new Promise((resolve, reject) => {
    const request =
      ca === undefined
        ? httpRequest(options)
        : httpsRequest({
            ...options,
            ca,
            allowPartialTrustChain: true,
            checkServerIdentity: () => undefined,
          });
    request.on("error", reject).on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("error", reject).on("end", () => {
        resolve([response.statusCode ?? 0, body]);
      });
    });
    request.end();
  });
}
