import { StatusError } from "../../src/kit/errors.ts";
import { requireDeviceMapper } from "../../src/node/linux/mapper.ts";
import { systemRoots } from "../../src/node/linux/this-vm.ts";

/** Why this kernel unlocks no encrypted disk; undefined when it does. */
export function whyNoMapper(): string | undefined {
  try {
    requireDeviceMapper(systemRoots);
    return undefined;
  } catch (error) {
    return StatusError.from(error).message;
  }
}
