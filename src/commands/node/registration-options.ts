import { Option } from "commander";
import { socketPath } from "../../csi/endpoint.ts";
import { kubeletPlugin, type KubeletPlugin } from "../../node/registration/kubelet-plugin.ts";

/** The paths are named as in node-driver-registrar, whose place this takes. */
export interface RegistrationOptions {
  readonly registerWithKubelet?: boolean;
  readonly kubeletRegistrationPath?: string;
  readonly pluginRegistrationPath: string;
  /** `true` when no form is named. */
  readonly print?: "json" | "yaml" | true;
}

export function registrationOptions(): Option[] {
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
    ).default("/registration"),
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
