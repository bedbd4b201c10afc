import { join } from "node:path";
import { scsiPage83 } from "../../vhdx/index.ts";
import { attribute, entries } from "./block-devices.ts";
import { namesOfDisk } from "./page83.ts";
import { sysBlock, type Roots } from "./this-vm.ts";

const OWN_MAPPER = /^CRYPT-.*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/**
 * Who claims a disk in the kernel, such as multipath; undefined for nobody. LUKS of a volume is no stranger on the
 * volume's own disk: the kernel's name of its mapper ends with the volume's id.
 */
export function strangerOn(disk: string, roots: Roots): string | undefined {
  for (const holder of entries(join(sysBlock(roots), disk, "holders"))) {
    const directory = join(roots.sys, "class", "block", holder);
    const uuid = attribute(join(directory, "dm", "uuid")) ?? "";
    const volumeId = OWN_MAPPER.exec(uuid)?.[1];
    if (volumeId !== undefined && namesOfDisk(disk, roots).includes(scsiPage83(volumeId))) continue;
    const name = attribute(join(directory, "dm", "name"));
    return [holder, ...[name, uuid].filter(Boolean)].join(" ");
  }
  return undefined;
}
