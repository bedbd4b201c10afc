import type { Log } from "../../kit/log.ts";
import type { Host } from "../hosts/host.ts";
import type { Catalog } from "./catalog.ts";
import type { Pool } from "./pool.ts";

/** What the rules work on. */
export interface EngineParts {
  readonly pool: Pool;
  readonly host: Host;
  readonly catalog: Catalog;
  readonly log: Log;
}
