import { randomUUID } from "node:crypto";
import { Catalog } from "../../src/agent/engine/catalog/catalog.ts";
import { Inventory } from "../../src/agent/engine/catalog/inventory.ts";
import type { Engine } from "../../src/agent/engine/engine.ts";
import { guardedEngine } from "../../src/agent/engine/guarded-engine.ts";
import { Ledger } from "../../src/agent/engine/index/ledger.ts";
import type { NewVolume, SizeRange, Volume } from "../../src/agent/engine/model.ts";
import type { EngineParts } from "../../src/agent/engine/parts.ts";
import { Claims } from "../../src/agent/engine/pool/claims.ts";
import type { KnownPools } from "../../src/agent/engine/pool/known-pools.ts";
import { knownPools } from "./known-pools.ts";
import { PoolKeeper } from "../../src/agent/engine/pool/pool-keeper.ts";
import type { Pool } from "../../src/agent/engine/pool/pool.ts";
import { Pools } from "../../src/agent/engine/pool/pools.ts";
import { engineRules } from "../../src/agent/engine/rules.ts";
import { defaultEngineSettings, type EngineSettings } from "../../src/agent/engine/settings.ts";
import { silentLog } from "../../src/kit/log.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { FakeHost } from "./fake-host.ts";
import { context } from "./local-rig.ts";
import { temporaryDirectory } from "./temporary.ts";

/** The engine over real pools with a fake host, without metrics and logs around it. */
export interface EngineRig {
  readonly directories: readonly string[];
  /** The first pool. */
  readonly pool: Pool;
  readonly host: FakeHost;
  readonly parts: EngineParts;
  readonly rules: Omit<Engine, "listOperations">;
  readonly engine: Engine;
  readonly known: KnownPools;
  /** The list that it, and what it is restarted as, are kept in until they are closed. */
  readonly opened: EngineRig[];
  close(): Promise<void>;
}

/** What a test wants different. */
export interface RigChange {
  /** Replaces parts of the first pool once it is open. */
  readonly pool?: Partial<Pool>;
  /** What the first pool says it has free; undefined: what its file system says. */
  readonly free?: () => bigint | undefined;
  readonly group?: string;
  readonly host?: FakeHost;
  readonly settings?: Partial<EngineSettings>;
  readonly pools?: number;
  readonly known?: KnownPools;
}

/** Exactly these bytes. */
export const exactly = (required: bigint): SizeRange => ({ required, limit: undefined });

/** A request for an empty volume. */
export function newVolume(name: string, size: SizeRange, more: Partial<NewVolume> = {}): NewVolume {
  return {
    name,
    size,
    pool: undefined,
    type: undefined,
    source: undefined,
    labels: {},
    attributes: {},
    ...more,
  };
}

/** Opens engines over new pools, all closed after the tests of the enclosing `describe`. */
export function engineRigs(): (change?: RigChange) => Promise<EngineRig> {
  const path = temporaryDirectory();
  const opened: EngineRig[] = [];
  after(() => Promise.all(opened.map((rig) => rig.close())));
  return async (change = {}) => {
    const directories = Array.from({ length: change.pools ?? 1 }, () => path(randomUUID()));
    return await openRig(directories, change, opened);
  };
}

/** Closes a rig's engine and opens one over the same pools, as a restart does. */
export async function restarted(rig: EngineRig, change: RigChange = {}): Promise<EngineRig> {
  await rig.close();
  return await openRig(
    rig.directories,
    { host: rig.host, settings: rig.parts.settings, ...change },
    rig.opened,
  );
}

/**
 * Opens an engine over pools; the first is `default`, the others `pool-1` and so on.
 * @param opened gets the rig, for whoever closes it.
 */
export async function openRig(
  directories: readonly string[],
  change: RigChange = {},
  opened: EngineRig[] = [],
): Promise<EngineRig> {
  const host = change.host ?? new FakeHost();
  const log = silentLog();
  const places = directories.map((directory, index) => ({
    name: index === 0 ? "default" : `pool-${index}`,
    directory,
  }));
  const pools = new Pools(places);
  const catalog = new Catalog();
  const shares = (name: string) => pools.open().find((pool) => pool.name === name)?.sharesBlocks ?? false;
  const inventory = new Inventory(catalog, new Ledger(), new Claims(), shares, () => undefined);
  const known = change.known ?? knownPools();
  const settings = { ...defaultEngineSettings, ...change.settings };
  const parts = { pools, host, inventory, catalog, settings, log };
  const owner = { groups: [change.group ?? "test"] as const, owner: "a test" };
  const keeper = new PoolKeeper(pools, inventory, host, owner, known, log);
  await keeper.openAll();
  const [first] = pools.open();
  if (first === undefined) throw new Error("no pool is open");
  const pool = changed(first, change);
  pools.opened(pool);
  const rules = engineRules(parts);
  let closed = false;
  const rig: EngineRig = {
    directories,
    pool,
    host,
    parts,
    rules,
    engine: guardedEngine(rules, catalog),
    known,
    opened,
    close: async () => {
      if (closed) return;
      closed = true;
      await keeper.close();
    },
  };
  opened.push(rig);
  return rig;
}

function changed(pool: Pool, { free, pool: parts }: RigChange): Pool {
  const space = async () => {
    const real = await pool.space();
    return { ...real, free: free?.() ?? real.free };
  };
  return { ...pool, space, ...parts };
}

export async function makeVolume(
  { engine }: Pick<EngineRig, "engine">,
  size = 8n * MiB,
  name: string = randomUUID(),
): Promise<Volume> {
  return await engine.createVolume(newVolume(name, exactly(size)), context());
}
