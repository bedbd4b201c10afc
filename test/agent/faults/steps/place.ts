import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { CallContext } from "../../../../src/agent/engine/engine.ts";
import { openEngine, type OpenEngine } from "../../../../src/agent/engine/open-engine.ts";
import { knownPools } from "../../../support/known-pools.ts";
import { defaultEngineSettings } from "../../../../src/agent/engine/settings.ts";
import { localHost } from "../../../../src/agent/hosts/local/local-host.ts";
import { declaredVm } from "../../../../src/agent/hosts/local/vms.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";

/** Where an engine works: two pools and a transfer directory, below one directory. */
export interface Place {
  readonly directory: string;
  readonly vmId: string;
  readonly retentionMs: number;
}

export const poolOf = ({ directory }: Place, pool: "one" | "two") => join(directory, pool);
export const transferOf = ({ directory }: Place) => join(directory, "transfer");

/** The engine as the agent opens it, with the local host. */
export async function openPlace(place: Place): Promise<OpenEngine> {
  const pools = (["one", "two"] as const).map((name) => ({ name, directory: poolOf(place, name) }));
  return await openEngine(
    { pools, groups: ["test"], owner: "a test", known: knownPools() },
    localHost([declaredVm(place.vmId, "vm")], 16),
    { ...defaultEngineSettings, retentionMs: place.retentionMs, transferDirectory: transferOf(place) },
    createMetrics(),
    silentLog(),
  );
}

export const call = (): CallContext => ({ signal: AbortSignal.timeout(60_000), requestId: randomUUID() });
