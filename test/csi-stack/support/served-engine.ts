import { rm } from "node:fs/promises";
import type { Engine } from "../../../src/agent/engine/engine.ts";
import { createAgentClient } from "../../../src/agent-client/agent-client.ts";
import { Groups } from "../../../src/controller/groups.ts";
import { csiClient } from "../../../src/csi/client.ts";
import type { ControllerRpcs } from "../../../src/csi/rpc.ts";
import { TEST_KEY } from "../../support/agent.ts";
import { serveGroups } from "../../support/controller.ts";
import { restServers } from "../../support/rest-server.ts";
import { makeTemporaryDirectory } from "../../support/temporary.ts";
import { Volumes } from "./volumes.ts";

/**
 * Controllers on real sockets, each over the REST API of one engine of group `test`, for the tests of the enclosing
 * `describe`; called before what opens the engines, so that these close later. Their callers wait `budgetMs` for an answer.
 */
export function servedEngines(): (engine: Engine, budgetMs?: number) => Promise<Volumes> {
  const closers: (() => Promise<void> | void)[] = [];
  after(async () => {
    for (const close of closers.reverse()) await close();
  });
  const serveRest = restServers();
  return async (engine, budgetMs) => {
    const { url } = await serveRest(engine);
    const agent = createAgentClient({ url, apiKey: TEST_KEY });
    const directory = await makeTemporaryDirectory();
    closers.push(() => rm(directory, { recursive: true, force: true }));
    const server = await serveGroups(directory, new Groups([{ name: "test", agent }]));
    closers.push(() => server.close());
    const client = csiClient<ControllerRpcs>("Controller", server.socket, budgetMs);
    closers.push(() => {
      client.close();
    });
    return new Volumes(client.call);
  };
}
