import { Option } from "commander";
import { socketPath } from "../../csi/endpoint.ts";
import { isWindows, thisPlatform } from "../../kit/platform.ts";
import { kubeletPlugin, type KubeletPlugin } from "../../node/registration/kubelet-plugin.ts";

/** The paths are named as in node-driver-registrar, whose place this takes. */
export interface RegistrationOptions {
  readonly registerWithKubelet?: boolean;
  readonly kubeletRegistrationPath?: string;
  readonly pluginRegistrationPath: string;
  /** `true` when no form is named. */
  readonly print?: "json" | "yaml" | true;
}

/** Where kubelet has it on Windows, whose containers see the node's own paths. */
const WINDOWS_REGISTRY = "C:\\var\\lib\\kubelet\\plugins_registry";

export function registrationOptions(platform: NodeJS.Platform = thisPlatform): Option[] {
  return [
    new Option(
      "--register-with-kubelet",
      "register with kubelet, so that no registrar is needed beside this",
    ),
    new Option(
      "--kubelet-registration-path <path>",
      "the CSI socket as kubelet sees it (default: the path of --endpoint)",
    ),
    new Option(
      "--plugin-registration-path <dir>",
      "kubelet's plugins_registry, as it is mounted here",
    ).default(isWindows(platform) ? WINDOWS_REGISTRY : "/registration"),
    new Option("--print [form]", "show what kubelet would be told, and exit").choices(["yaml", "json"]),
  ];
}

/** @throws StatusError INVALID_ARGUMENT */
export function readKubeletPlugin(
  options: RegistrationOptions & { readonly driverName: string; readonly endpoint: string },
): KubeletPlugin {
  const { driverName, endpoint, kubeletRegistrationPath, pluginRegistrationPath } = options;
  return kubeletPlugin(driverName, pluginRegistrationPath, kubeletRegistrationPath ?? socketPath(endpoint));
}
