import type { DriverNames } from "../csi/driver.ts";
import type { KeyedLocks } from "../kit/locks.ts";
import type { Guest } from "./guest.ts";

/** What the node's RPCs work with. */
export interface NodeParts {
  readonly guest: Guest;
  readonly locks: KeyedLocks;
  /** VM id in lower case. */
  readonly nodeId: string;
  readonly group: string;
  readonly maxVolumes: number;
  readonly names: DriverNames;
}
