/** A program that makes requests for hours' worth, and prints how many AbortSignals are left of each kind. For --expose-gc. */
import { createServer, Agent } from "node:http";
import type { AddressInfo } from "node:net";
import { queryObjects } from "node:v8";
import type { AgentClient } from "../../../src/agent-client/agent-client.ts";
import { newCall } from "../../../src/agent-client/new-call.ts";
import { Groups } from "../../../src/controller/groups.ts";
import { apiClient } from "../../../src/controller/kubernetes/api/api-client.ts";
import type { Cluster } from "../../../src/controller/kubernetes/api/cluster.ts";
import type { Recorder } from "../../../src/controller/kubernetes/events/recorder.ts";
import { watchHostsTask } from "../../../src/controller/kubernetes/events/watch-hosts.ts";
import { electLeader } from "../../../src/controller/kubernetes/leader/leader-election.ts";
import { look } from "../../../src/controller/look.ts";
import { silentLog } from "../../../src/kit/log.ts";
import { until } from "../../support/until.ts";

const REQUESTS = 300;

/** Has one Lease, and lists of nothing. */
let lease = "";
let renewals = 0;
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (data: Buffer) => (body += data.toString()));
  request.on("end", () => {
    response.setHeader("Content-Type", "application/json");
    if (request.url?.includes("/leases") !== true) response.end('{"items":[]}');
    else if (request.method === "GET" && lease === "") response.writeHead(404).end("{}");
    else {
      if (request.method === "PUT") renewals++;
      if (request.method !== "GET") lease = body;
      response.end(lease);
    }
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const sockets = new Agent({ keepAlive: true });
const cluster = {
  server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  namespace: "storage",
  credentials: () => Promise.resolve({ headers: {}, httpAgent: sockets, httpsAgent: undefined }),
  close: () => {
    sockets.destroy();
  },
} as unknown as Cluster;
const api = apiClient(cluster);

let looks = 0;
const agent = {
  capacity: () => Promise.resolve(looks++),
  getVm: () => Promise.resolve({}),
  outage: () => undefined,
} as unknown as AgentClient;
const group = { name: "east", agent };

const stop = new AbortController();

let present = count();

/** Runs until `enough`. @returns the signals that are left of it */
async function left(run: (signal: AbortSignal) => Promise<unknown>, enough?: () => boolean): Promise<number> {
  const own = new AbortController();
  const running = run(own.signal);
  if (enough !== undefined) await until(enough, "enough");
  else await running;
  own.abort();
  await running;
  const before = present;
  present = count();
  return present - before;
}

function count(): number {
  globalThis.gc?.();
  return queryObjects(AbortSignal, { format: "count" });
}

const election = {
  name: { namespace: "storage", name: "controller", holder: "me" },
  // Renewed all the time, and never lost, however slow the machine is.
  times: { lease: 600_000, renew: 600_000, retry: 1 },
  onChange: () => undefined,
};
const lead = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      resolve();
    });
  });

const kept = {
  renewals: await left(
    (signal) => electLeader(api, election, lead, silentLog(), signal),
    () => renewals >= REQUESTS,
  ),
  lists: await left(async () => {
    for (let at = 0; at < REQUESTS; at++)
      for await (const { items } of api.list("/api/v1/nodes", {}, stop.signal)) items.at(0);
  }),
  "looks at agents": await left(
    (signal) =>
      watchHostsTask(new Groups([group]), "group", api, {} as unknown as Recorder, {
        every: 1,
        patience: 1e9,
      }).run(signal),
    () => looks >= REQUESTS,
  ),
  "looks at VMs": await left(async () => {
    for (let at = 0; at < REQUESTS; at++)
      await newCall(stop.signal, (call) =>
        look(group, call, (asked, own) => asked.getVm("00000000-0000-4000-8000-000000000000", own)),
      );
  }),
};
process.stdout.write(JSON.stringify(kept));
api.close();
server.close();
