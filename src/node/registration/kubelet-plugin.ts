import { join } from "node:path";
import type { PluginInfo__Output } from "../../csi/generated/pluginregistration/PluginInfo.ts";
import { socketPath } from "../../csi/endpoint.ts";

/** Where and as what a driver shows itself to kubelet. */
export interface KubeletPlugin {
  /** Socket in the directory that kubelet watches, as this process sees it. */
  readonly socket: string;
  readonly info: PluginInfo__Output;
}

/**
 * @param registry directory that kubelet watches, as this process sees it
 * @param endpoint the driver's CSI socket, as kubelet sees it
 * @throws StatusError INVALID_ARGUMENT for a path that can't be a socket's
 */
export function kubeletPlugin(driverName: string, registry: string, endpoint: string): KubeletPlugin {
  return {
    socket: socketPath(join(registry, `${driverName}-reg.sock`)),
    // Of CSI's versions kubelet compares the first number alone.
    info: {
      type: "CSIPlugin",
      name: driverName,
      endpoint: socketPath(endpoint),
      supported_versions: ["1.0.0"],
    },
  };
}
