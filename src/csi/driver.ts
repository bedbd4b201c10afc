/** Defaults of what users see; each can be changed by a flag. */
export const DEFAULT_DRIVER_NAME = "hyperv.csi.dev";
export const DEFAULT_TOPOLOGY_KEY = "topology.hyperv.csi.dev/group";

export interface DriverNames {
  readonly driverName: string;
  readonly topologyKey: string;
}
