import type { FastifyInstance } from "fastify";
import { StatusError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { openEngine } from "./engine/open-engine.ts";
import { knownPools } from "./engine/pool/known-pools.ts";
import type { PoolPlace } from "./engine/pool/pool.ts";
import { defaultEngineSettings } from "./engine/settings.ts";
import type { Vm } from "./hosts/host.ts";
import { localHost } from "./hosts/local/local-host.ts";
import { keyCheck } from "./rest/api-key.ts";
import { createRestServer } from "./rest/server.ts";

export interface AgentSettings {
  readonly pools: readonly PoolPlace[];
  readonly group: string;
  readonly vms: readonly Vm[];
  readonly maxVolumesPerVm: number;
  readonly apiKey: string;
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** What another process is told of us that wants the same pool. */
  readonly owner: string;
}

export interface RunningAgent {
  readonly url: string;
  /** Ends running requests, then lets the pool go. Attachments stay. */
  close(): Promise<void>;
}

/** Opens the pool, recovers it, and serves it. */
export async function startAgent(settings: AgentSettings, metrics: Metrics, log: Log): Promise<RunningAgent> {
  const { host, port } = parseListen(settings.listen);
  const { engine, close } = await openEngine(
    { pools: settings.pools, groups: [settings.group], owner: settings.owner, known: knownPools() },
    localHost(settings.vms, settings.maxVolumesPerVm),
    defaultEngineSettings,
    metrics,
    log,
  );
  let server: FastifyInstance | undefined;
  try {
    server = createRestServer(engine, keyCheck(settings.apiKey), metrics, log);
    const url = await server.listen({ host, port });
    log.info({ url, group: settings.group }, "agent is ready");
  } catch (error) {
    await server?.close();
    await close();
    throw error;
  }
  const running = server;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${portOf(running)}`,
    close: async () => {
      await running.close();
      await close();
    },
  };
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** @throws StatusError INVALID_ARGUMENT; FAILED_PRECONDITION off loopback, where a key must not travel in clear text. */
export function parseListen(listen: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(listen);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65535) {
    throw new StatusError("INVALID_ARGUMENT", `--listen ${listen} is not HOST:PORT`);
  }
  if (!LOOPBACK.test(host)) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `--listen ${listen} is not a loopback address: this version speaks plain HTTP, and a key must not travel in clear text`,
    );
  }
  return { host, port };
}

function portOf(server: FastifyInstance): number {
  const address = server.server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
