import { existsSync } from "node:fs";
import { join } from "node:path";
import { StatusError } from "../../kit/errors.ts";
import { attribute, entries } from "./block-devices.ts";
import { sysBlock, type Roots } from "./this-vm.ts";

/** An unlocked disk of a volume, as sysfs has it. */
export interface Mapper {
  /** Its name for cryptsetup and in `/dev/mapper`; ends with the volume's id. */
  readonly name: string;
  /** `dm-0` */
  readonly kernelName: string;
  /** `CRYPT-LUKS2-<header's UUID without dashes>-<name>` */
  readonly uuid: string;
  /** Kernel names of the devices below; empty when they are gone. */
  readonly disks: readonly string[];
}

export function mapperName(volumeId: string): string {
  return `hyperv-csi-${volumeId}`;
}

/** The mapper of a volume; undefined when the volume is not unlocked here. */
export function findMapper(volumeId: string, roots: Roots): Mapper | undefined {
  const name = mapperName(volumeId);
  for (const kernelName of entries(sysBlock(roots))) {
    const directory = join(sysBlock(roots), kernelName);
    if (!kernelName.startsWith("dm-") || attribute(join(directory, "dm", "name")) !== name) continue;
    const uuid = attribute(join(directory, "dm", "uuid")) ?? "";
    return { name, kernelName, uuid, disks: entries(join(directory, "slaves")) };
  }
  return undefined;
}

/** True when a mapper was made from the header with this UUID. */
export function isOfHeader({ uuid, name }: Mapper, headerUuid: string): boolean {
  return uuid === `CRYPT-LUKS2-${headerUuid.replaceAll("-", "")}-${name}`;
}

/** @throws StatusError FAILED_PRECONDITION when the kernel has no device mapper */
export function requireDeviceMapper({ proc, dev }: Roots): void {
  const misc = attribute(join(proc, "misc")) ?? "";
  if (/^\s*\d+ device-mapper$/m.test(misc) && existsSync(join(dev, "mapper", "control"))) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    "this machine's kernel has no device mapper, so that no encrypted volume can be used here: " +
      "load its modules dm_mod and dm_crypt. Nothing was written",
  );
}
