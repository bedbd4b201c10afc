import { StatusError } from "../../kit/errors.ts";
import type { KubeletPlugin } from "../../node/registration/kubelet-plugin.ts";
import { toJson } from "../terminal/json.ts";
import { print } from "../terminal/output.ts";
import { toYaml } from "../terminal/yaml.ts";

/** Prints what kubelet would be told of the driver, and what it would then be told of the node. */
export async function showRegistration(
  { socket, info }: KubeletPlugin,
  nodeInfo: () => Promise<unknown>,
  form: "json" | "yaml" | true,
): Promise<void> {
  const node = await nodeInfo().catch((error: unknown) => ({ unknown: StatusError.from(error).message }));
  const shown = { socket, plugin: info, node };
  await print(form === "json" ? `${toJson(shown)}\n` : toYaml(shown));
}
