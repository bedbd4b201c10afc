import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ApiClient, apiClient } from "../../../src/controller/kubernetes/api/api-client.ts";
import { openCluster } from "../../../src/controller/kubernetes/api/cluster.ts";
import { makeTemporaryDirectory } from "../temporary.ts";
import { FakeApiServer } from "./api-server.ts";

export interface TestApi {
  readonly server: FakeApiServer;
  readonly api: ApiClient;
  readonly kubeconfig: string;
  /** Another client, with sockets of its own; closed with the test. */
  readonly another: () => Promise<ApiClient>;
}

/** A fake API server and a client of it, new for each test of the enclosing `describe`. */
export function testApi(): TestApi {
  const test = {} as { -readonly [Key in keyof TestApi]: TestApi[Key] };
  const clients: ApiClient[] = [];
  let directory: string;
  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
    test.server = await FakeApiServer.start(directory);
    test.kubeconfig = join(directory, "kubeconfig");
    await writeFile(test.kubeconfig, test.server.kubeconfig());
    test.another = async () => {
      const client = apiClient(await openCluster({ kubeconfig: test.kubeconfig }));
      clients.push(client);
      return client;
    };
    test.api = await test.another();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await test.server.close();
    await rm(directory, { recursive: true, force: true });
  });
  return test;
}
