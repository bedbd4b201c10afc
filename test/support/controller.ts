import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { requestCallback } from "@grpc/grpc-js";
import type { Vm } from "../../src/agent/hosts/host.ts";
import { createAgentClient } from "../../src/agent-client/agent-client.ts";
import { controllerService } from "../../src/controller/controller.ts";
import { groupControllerService } from "../../src/controller/group/group-controller.ts";
import { snapshotMetadataService } from "../../src/controller/metadata/snapshot-metadata.ts";
import { Groups } from "../../src/controller/groups.ts";
import type { ControllerParts } from "../../src/controller/parts.ts";
import { csiClient } from "../../src/csi/client.ts";
import type { ControllerClient } from "../../src/csi/generated/csi/v1/Controller.ts";
import { identityService } from "../../src/csi/identity.ts";
import type { ControllerRpcs } from "../../src/csi/rpc.ts";
import { serveSocket } from "../../src/csi/server.ts";
import { silentLog } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { DEAD_URL, startTestAgent, TEST_KEY, type TestAgent } from "./agent.ts";
import { makeTemporaryDirectory, removeDirectory } from "./temporary.ts";

type Call<Method> = Method extends (argument: infer Request, callback: infer Callback) => unknown
  ? Callback extends requestCallback<infer Response>
    ? (request: Request) => Promise<Response>
    : never
  : never;

/** The Controller's RPCs as a caller writes requests (unset fields left out) and reads answers (all filled in). */
export type ControllerCalls = { readonly [Name in keyof ControllerRpcs]: Call<ControllerClient[Name]> };

export const NAMES = { driverName: "hyperv.csi.dev", topologyKey: "topology.hyperv.csi.dev/group" };

/** A capability of a volume that one node writes to. */
export const WRITER = { mount: { fs_type: "ext4" }, access_mode: { mode: "SINGLE_NODE_WRITER" } } as const;

export interface TestController {
  readonly call: ControllerCalls;
  readonly socket: string;
  /** Agents by group. */
  readonly agents: Readonly<Record<string, TestAgent>>;
  /** Holds everything of this controller: a pool per group, by its name. */
  readonly directory: string;
}

interface Layout {
  readonly groups?: readonly string[];
  /** Groups that are configured and whose agent does not answer. */
  readonly down?: readonly string[];
  readonly vms?: readonly Vm[];
  /** Groups that have a pool `pool-1` beside their `default`. */
  readonly twoPools?: readonly string[];
}

/** A controller on a real socket over real agents, for the tests of the enclosing `describe`. */
export function testController({
  groups = ["local"],
  down = [],
  vms,
  twoPools = [],
}: Layout = {}): TestController {
  const controller = {} as { -readonly [Key in keyof TestController]: TestController[Key] };
  const closers: (() => Promise<void> | void)[] = [];
  before(async () => {
    const directory = await makeTemporaryDirectory();
    closers.push(() => removeDirectory(directory));
    await mkdir(join(directory, "pools"));
    const agents: Record<string, TestAgent> = {};
    for (const group of groups) {
      const more = twoPools.includes(group) ? [join(directory, "pools", `${group}-1`)] : [];
      const agent = await startTestAgent(join(directory, "pools", group), group, vms, ...more);
      closers.push(() => agent.close());
      agents[group] = agent;
    }
    const { socket, close } = await serveController(directory, agents, down);
    closers.push(close);
    const client = csiClient<ControllerRpcs>("Controller", socket);
    closers.push(() => {
      client.close();
    });
    Object.assign(controller, { call: client.call as unknown as ControllerCalls, socket, agents, directory });
  });
  after(async () => {
    for (const close of closers.reverse()) await close();
  });
  return controller;
}

async function serveController(
  directory: string,
  agents: Readonly<Record<string, TestAgent>>,
  down: readonly string[],
): Promise<{ socket: string; close: () => Promise<void> }> {
  const members = [
    ...Object.entries(agents).map(([name, { client }]) => ({ name, agent: client })),
    ...down.map((name) => ({ name, agent: createAgentClient({ url: DEAD_URL, apiKey: TEST_KEY }) })),
  ];
  return await serveGroups(directory, new Groups(members));
}

/** A controller over any groups on a real socket in a directory. */
export async function serveGroups(
  directory: string,
  groups: Groups,
  lastKnownMs?: number,
  isFenced?: ControllerParts["isFenced"],
) {
  const parts = { groups, names: NAMES, lastKnownMs, isFenced };
  return await serveSocket(
    join(directory, "csi.sock"),
    {
      Identity: identityService(NAMES.driverName, () => Promise.resolve(true)),
      Controller: controllerService(parts),
      GroupController: groupControllerService(parts),
      SnapshotMetadata: snapshotMetadataService(parts),
    },
    createMetrics(),
    silentLog(),
  );
}

/** Makes a volume of `mib` MiB and returns its handle. */
export async function makeVolume({ call }: TestController, name: string, mib = 8): Promise<string> {
  const { volume } = await call.CreateVolume({
    name,
    volume_capabilities: [WRITER],
    capacity_range: { required_bytes: mib * 2 ** 20 },
  });
  return volume?.volume_id ?? "";
}
