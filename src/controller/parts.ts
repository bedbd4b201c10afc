import type { DriverNames } from "../csi/driver.ts";
import type { Groups } from "./groups.ts";

/** What the controller's RPCs work with. */
export interface ControllerParts {
  readonly groups: Groups;
  readonly names: DriverNames;
  /** How long lists serve what they last knew of a group that does not answer; unset: not at all. */
  readonly lastKnownMs?: number | undefined;
  /**
   * Whether the node of a VM was fenced because that was off; unset where nodes are not fenced.
   * @throws StatusError when that can't be told
   */
  readonly isFenced?: ((vmId: string, signal: AbortSignal) => Promise<boolean>) | undefined;
}
