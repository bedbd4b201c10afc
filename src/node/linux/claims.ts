import { join } from "node:path";
import { attribute, entries } from "./block-devices.ts";
import { sysBlock, type Roots } from "./this-vm.ts";

/**
 * Who claims a disk in the kernel, such as multipath; undefined for nobody. LUKS of the volume itself is no stranger:
 * the kernel's name of its mapper ends with the volume's id.
 */
export function strangerOn(disk: string, volumeId: string, roots: Roots): string | undefined {
  for (const holder of entries(join(sysBlock(roots), disk, "holders"))) {
    const directory = join(roots.sys, "class", "block", holder);
    const uuid = attribute(join(directory, "dm", "uuid")) ?? "";
    if (uuid.startsWith("CRYPT-") && uuid.endsWith(volumeId)) continue;
    const name = attribute(join(directory, "dm", "name"));
    return [holder, ...[name, uuid].filter(Boolean)].join(" ");
  }
  return undefined;
}
