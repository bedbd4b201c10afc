import { version } from "../kit/version.ts";
import type { IdentityRpcs } from "./rpc.ts";

/**
 * The Identity service.
 * @param ready false while the process can't serve; Probe then says so.
 */
export function identityService(driverName: string, ready: () => Promise<boolean>): IdentityRpcs {
  return {
    GetPluginInfo: () => Promise.resolve({ name: driverName, vendor_version: version }),
    GetPluginCapabilities: () =>
      Promise.resolve({
        capabilities: [
          { service: { type: "CONTROLLER_SERVICE" } },
          { service: { type: "GROUP_CONTROLLER_SERVICE" } },
          { service: { type: "SNAPSHOT_METADATA_SERVICE" } },
          { service: { type: "VOLUME_ACCESSIBILITY_CONSTRAINTS" } },
          { service: { type: "SNAPSHOT_ACCESSIBILITY_CONSTRAINTS" } },
          { volume_expansion: { type: "ONLINE" } },
        ],
      }),
    Probe: async () => ({ ready: { value: await ready() } }),
  };
}
