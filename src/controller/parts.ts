import type { DriverNames } from "../csi/driver.ts";
import type { Groups } from "./groups.ts";

/** What the controller's RPCs work with. */
export interface ControllerParts {
  readonly groups: Groups;
  readonly names: DriverNames;
}
