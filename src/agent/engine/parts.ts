import type { Log } from "../../kit/log.ts";
import type { Host } from "../hosts/host.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { Inventory } from "./catalog/inventory.ts";
import type { Pools } from "./pool/pools.ts";
import type { EngineSettings } from "./settings.ts";

/** What the rules work on. */
export interface EngineParts {
  readonly pools: Pools;
  readonly host: Host;
  /** What is known of the pools' disks: changed after the directories were. */
  readonly inventory: Inventory;
  /** The same, for reading. */
  readonly catalog: Catalog;
  readonly settings: EngineSettings;
  readonly log: Log;
}
