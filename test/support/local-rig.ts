import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { CallContext, Engine } from "../../src/agent/engine/engine.ts";
import { openEngine } from "../../src/agent/engine/open-engine.ts";
import { knownPools } from "./known-pools.ts";
import { defaultEngineSettings } from "../../src/agent/engine/settings.ts";
import type { Host } from "../../src/agent/hosts/host.ts";
import { localHost } from "../../src/agent/hosts/local/local-host.ts";
import { type DeclaredVm, declaredVm } from "../../src/agent/hosts/local/vms.ts";
import { silentLog } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { needsLoopDevices } from "./needs-loop-devices.ts";
import { scratchDirectory } from "./scratch-directory.ts";

/** An engine over a pool with the local host and two VMs, opened for the tests of one `describe`. */
export interface LocalRig {
  /** A place outside the pool, such as a staging path. */
  readonly path: (...parts: string[]) => string;
  readonly pool: string;
  readonly vms: readonly [DeclaredVm, DeclaredVm];
  readonly host: Host;
  readonly engine: Engine;
}

/** Slots of each VM of a rig. */
export const MOST_DISKS = 256;

export const context = (): CallContext => ({
  signal: AbortSignal.timeout(60_000),
  requestId: randomUUID(),
});

/**
 * The rig is filled when `before` has run; its fields are not to be read earlier. `prepare` is given the pool's
 * directory before there is one.
 */
export function localRig(
  prepare?: (pool: string) => Promise<void>,
  vms: LocalRig["vms"] = [declaredVm(randomUUID(), "one"), declaredVm(randomUUID(), "two")],
): LocalRig {
  const path = scratchDirectory();
  let opened: { host: Host; engine: Engine; close: () => Promise<void> } | undefined;
  const ready = () => {
    if (opened === undefined) throw new Error("the rig is not open yet");
    return opened;
  };
  before(needsLoopDevices);
  before(async () => {
    await prepare?.(path("pool"));
    const host = localHost(vms, MOST_DISKS);
    const { engine, close } = await openEngine(
      {
        pools: [{ name: "default", directory: path("pool") }],
        groups: ["test"],
        owner: "a test",
        known: knownPools(),
      },
      host,
      defaultEngineSettings,
      createMetrics(),
      silentLog(),
    );
    opened = { host, engine, close };
  });
  after(() => opened?.close());
  return {
    path,
    vms,
    get pool() {
      return path("pool");
    },
    get host() {
      return ready().host;
    },
    get engine() {
      return ready().engine;
    },
  };
}

/** The hard link through which a volume is attached. */
export function linkOf(rig: LocalRig, vmId: string, volumeId: string): string {
  return join(rig.pool, ".vms", vmId, `${volumeId}.vhdx`);
}
