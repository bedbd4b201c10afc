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

/** For `before`: skips a suite, with the reason, where this kernel unlocks no encrypted disk. */
export function needsDeviceMapper(this: Mocha.Context): void {
  const reason = whyNoMapper();
  if (reason === undefined) return;
  console.log(`      skipped: ${reason}`);
  this.skip();
}
