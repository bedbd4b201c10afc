import { VhdxError } from "../error.ts";

/** FILE_ATTRIBUTE_*, [MS-FSCC] 2.6. */
const unfit = { sparse: 0x200, compressed: 0x800, encrypted: 0x4000 } as const;

/** VhdxError, by name, for attributes with which Hyper-V refuses a disk (0xC03A001A). */
export function refuseAttributes(attributes: number): void {
  for (const [name, bit] of Object.entries(unfit)) {
    if ((attributes & bit) !== 0) {
      throw new VhdxError("file", 0, `is ${name}, and Hyper-V refuses such disks (0xC03A001A)`);
    }
  }
}
