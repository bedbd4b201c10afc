import { observedEngine } from "../../src/agent/engine/observed-engine.ts";
import { observePools } from "../../src/agent/engine/pool/pool-metrics.ts";
import type { Vm } from "../../src/agent/hosts/host.ts";
import { type AccessKey, digestOf } from "../../src/agent/access/access-key.ts";
import { KeyRing } from "../../src/agent/access/key-ring.ts";
import type { ServedGroups } from "../../src/agent/rest/group-check.ts";
import { createRestServer, defaultRestSettings, type RestSettings } from "../../src/agent/rest/server.ts";
import { createAgentClient, type AgentClient, type ClientCall } from "../../src/agent-client/agent-client.ts";
import { silentLog } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { openRig } from "./engine-rig.ts";
import { FakeHost } from "./fake-host.ts";

export const TEST_KEY = "key-of-the-tests-0123456789";

/** The key of an administrator. */
export const adminKey: AccessKey = { name: "tests", role: "admin", digest: digestOf(TEST_KEY) };
/** As an agent is served by default, except that tests may show many wrong keys. */
export const testRestSettings = {
  ...defaultRestSettings,
  groups: ["local"],
  throttle: { attempts: 1_000_000, windowSeconds: 60 },
} satisfies RestSettings;

/** A real agent, REST server and engine over a pool on disk; only its host is fake. */
export interface TestAgent {
  readonly url: string;
  readonly host: FakeHost;
  readonly client: AgentClient;
  /** The pool's directory. */
  readonly directory: string;
  /** What the pool says it has free, instead of its file system. */
  freeBytes: bigint | undefined;
  close(): Promise<void>;
}

/** @param more directories of further pools, `pool-1` and so on beside `default` */
export async function startTestAgent(
  directory: string,
  group: string | ServedGroups = "local",
  vms?: readonly Vm[],
  ...more: readonly string[]
): Promise<TestAgent> {
  const groups: ServedGroups = typeof group === "string" ? [group] : group;
  const own: { freeBytes: bigint | undefined } = { freeBytes: undefined };
  const host = new FakeHost(vms);
  const metrics = createMetrics();
  const rig = await openRig([directory, ...more], { host, group: groups[0], free: () => own.freeBytes });
  observePools(rig.parts, metrics.registry);
  const engine = observedEngine(rig.engine, metrics, silentLog());
  const server = createRestServer(
    engine,
    new KeyRing([adminKey]),
    { ...testRestSettings, groups },
    metrics,
    silentLog(),
  );
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  const close = async () => {
    await server.close();
    await rig.close();
  };
  const client = createAgentClient({ url, apiKey: TEST_KEY });
  return Object.assign(own, { url, host, client, directory, close });
}

/** What a caller brings along that waits for long. */
export function testCall(): ClientCall {
  return {
    signal: AbortSignal.timeout(50_000),
    requestId: "test",
    deadline: performance.now() + 50_000,
  };
}

/** An address where nothing listens: port 1 is tcpmux's, and needs root to be bound. */
export const DEAD_URL = "http://127.0.0.1:1";
