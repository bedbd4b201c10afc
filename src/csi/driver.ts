/** Defaults of what users see; each can be changed by a flag. */
export const DEFAULT_DRIVER_NAME = "hyperv.csi.dev";
export const DEFAULT_TOPOLOGY_KEY = "topology.hyperv.csi.dev/group";

export interface DriverNames {
  readonly driverName: string;
  readonly topologyKey: string;
}

/** Name of the item in a VM's key-value pool 0 that tells its node plugin the group. */
export const GROUP_ITEM = "hyperv-csi-group";
