import { guidBytes, normalizeGuid } from "./guid.ts";

/** NAA type 6 with Microsoft's OUI 00-22-48: the start of every identifier a Hyper-V disk reports. */
const PREFIX = "60022480";

/**
 * The identifier a guest reads from SCSI VPD page 0x83 of a disk attached by Hyper-V: 32 lower-case hex digits.
 * On Linux it follows `/dev/disk/by-id/scsi-3` and `wwn-0x`. It keeps 12 of the GUID's 16 bytes: the first six
 * as stored and the last six, so only random GUIDs tell disks apart. RangeError when the argument is no GUID.
 */
export function scsiPage83(virtualDiskId: string): string {
  const bytes = guidBytes(normalizeGuid(virtualDiskId));
  return PREFIX + bytes.toString("hex", 0, 6) + bytes.toString("hex", 10);
}
