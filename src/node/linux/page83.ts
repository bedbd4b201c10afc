import { readFileSync } from "node:fs";
import { join } from "node:path";
import { attribute } from "./block-devices.ts";
import { sysBlock, type Roots } from "./this-vm.ts";

const PAGE_CODE = 0x83;
const HEADER_LENGTH = 4;
const BINARY = 1;
const LOGICAL_UNIT = 0;
const NAA = 3;

/**
 * The NAA names of a logical unit in its VPD page 0x83, in lower-case hex; see SPC-4, 7.8.6. Of a page that is cut
 * off or contradicts itself, none: half a page proves nothing.
 */
export function naaNames(page: Buffer): string[] {
  if (page.length < HEADER_LENGTH || page[1] !== PAGE_CODE) return [];
  const end = HEADER_LENGTH + page.readUInt16BE(2);
  if (end > page.length) return [];
  const names: string[] = [];
  for (let at = HEADER_LENGTH; at < end;) {
    if (at + HEADER_LENGTH > end) return [];
    const [codeSet = 0, kind = 0] = page.subarray(at, at + 2);
    const from = at + HEADER_LENGTH;
    at = from + (page[at + 3] ?? 0);
    if (at > end) return [];
    const isName = (kind & 0x0f) === NAA && ((kind >> 4) & 3) === LOGICAL_UNIT && (codeSet & 0x0f) === BINARY;
    if (isName) names.push(page.toString("hex", from, at));
  }
  return names;
}

/**
 * The names that a SCSI disk gives itself: those of page 0x83 as the kernel read it when it found the disk, else the
 * one that the kernel chose. Empty when there is neither.
 */
export function namesOfDisk(name: string, roots: Roots): string[] {
  const device = join(sysBlock(roots), name, "device");
  try {
    return naaNames(readFileSync(join(device, "vpd_pg83")));
  } catch {
    // Kernels before 3.15 don't show the page, nor do some for a disk that they know little of.
  }
  const chosen = /^naa\.([0-9a-f]+)$/i.exec(attribute(join(device, "wwid")) ?? "")?.[1];
  return chosen === undefined ? [] : [chosen.toLowerCase()];
}
