import type { DriverNames } from "../csi/driver.ts";
import type { KeyedLocks } from "../kit/locks.ts";
import type { Guest } from "./guest.ts";
import type { NodeFacts } from "./node-facts.ts";

/** What the node's RPCs work with. */
export interface NodeParts {
  readonly guest: Guest;
  readonly locks: KeyedLocks;
  readonly facts: NodeFacts;
  readonly names: DriverNames;
}
