import { randomUUID } from "node:crypto";
import { guardedEngine } from "../../src/agent/engine/guarded-engine.ts";
import type { Engine, SizeRange, Volume } from "../../src/agent/engine/engine.ts";
import { openPool, type Pool } from "../../src/agent/engine/pool.ts";
import { recoverPool } from "../../src/agent/engine/recovery.ts";
import { engineRules } from "../../src/agent/engine/rules.ts";
import type { Host } from "../../src/agent/hosts/host.ts";
import { silentLog } from "../../src/kit/log.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { FakeHost } from "./fake-host.ts";
import { context } from "./local-rig.ts";
import { temporaryDirectory } from "./temporary.ts";

/** The engine over a real pool with a fake host, without metrics and logs around it. */
export interface EngineRig {
  readonly pool: Pool;
  readonly host: FakeHost;
  readonly rules: Engine;
  readonly engine: Engine;
}

/** Exactly these bytes. */
export const exactly = (required: bigint): SizeRange => ({ required, limit: undefined });

/** Opens engines over new pools, all closed after the tests of the enclosing `describe`. */
export function engineRigs(): (change?: { pool?: Partial<Pool>; host?: FakeHost }) => Promise<EngineRig> {
  const path = temporaryDirectory();
  const opened: Pool[] = [];
  after(() => Promise.all(opened.map((pool) => pool.close())));
  return async (change = {}) => {
    const pool = await openPool(path(randomUUID()), "test", "a test");
    opened.push(pool);
    return await rigOver({ ...pool, ...change.pool }, change.host ?? new FakeHost());
  };
}

/** Recovers a pool and opens an engine over it, as a restart does. */
export async function rigOver(pool: Pool, host: FakeHost): Promise<EngineRig> {
  const { rules, engine } = await openRules(pool, host);
  return { pool, host, rules, engine };
}

async function openRules(pool: Pool, host: Host): Promise<{ rules: Engine; engine: Engine }> {
  const catalog = await recoverPool(pool, silentLog());
  const rules = engineRules({ pool, host, catalog, log: silentLog() });
  return { rules, engine: guardedEngine(rules, catalog) };
}

export async function makeVolume(
  { engine }: EngineRig,
  size = 8n * MiB,
  name: string = randomUUID(),
): Promise<Volume> {
  return await engine.createVolume(name, exactly(size), context());
}
