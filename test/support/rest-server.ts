import type { FastifyInstance } from "fastify";
import { KeyRing } from "../../src/agent/access/key-ring.ts";
import type { Engine } from "../../src/agent/engine/engine.ts";
import { createRestServer, type RestSettings } from "../../src/agent/rest/server.ts";
import { type Log, silentLog } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { adminKey, testRestSettings } from "./agent.ts";

export interface RestServer {
  readonly server: FastifyInstance;
  readonly url: string;
}

/**
 * Servers of the REST APIs for the tests of the enclosing `describe`, all closed after them; called before what opens the
 * engines, so that these close later.
 */
export function restServers(): (
  engine: Engine,
  settings?: Partial<RestSettings>,
  keys?: KeyRing,
  log?: Log,
) => Promise<RestServer> {
  const open: FastifyInstance[] = [];
  after(async () => {
    for (const server of open) await server.close();
  });
  return async (engine, settings = {}, keys = new KeyRing([adminKey]), log = silentLog()) => {
    const server = createRestServer(engine, keys, { ...testRestSettings, ...settings }, createMetrics(), log);
    open.push(server);
    return { server, url: await server.listen({ host: "127.0.0.1", port: 0 }) };
  };
}
