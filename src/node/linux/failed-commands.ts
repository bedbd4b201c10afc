import { basename, dirname, join } from "node:path";
import { attribute } from "./block-devices.ts";
import { sysBlock, type Roots, type ThisVm } from "./this-vm.ts";

interface Baseline {
  /** Volume, disk and size: the count of any other begins anew. */
  readonly of: string;
  readonly count: bigint;
}

/**
 * Commands of SCSI disks that failed since this process first saw the disk. The kernel counts in `ioerr_cnt` all that
 * ended otherwise than well, harmless ones too: questions that a disk does not know, which are asked when it is found and
 * at each rescan, and what told that its size changed. So only growth counts, less what our own rescans add, and of
 * a new size the count begins anew.
 */
export class FailedCommands {
  readonly #roots: Roots;
  readonly #seen = new Map<string, Baseline>();

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  /** How many failed. A disk that is seen for the first time has none, nor has one that counts nothing. */
  of(disk: string, volumeId: string): bigint {
    const count = this.#count(disk);
    if (count === undefined) return 0n;
    const entry = join(sysBlock(this.#roots), disk);
    // Linux 5.15 and newer number the disks that they find.
    const sequence = attribute(join(entry, "diskseq")) ?? "";
    const of = `${volumeId} ${sequence} ${attribute(join(entry, "size")) ?? ""}`;
    const seen = this.#seen.get(disk);
    if (seen?.of === of && seen.count <= count) return count - seen.count;
    this.#seen.set(disk, { of, count });
    return 0n;
  }

  /** The same VM; what fails while its kernel does what it was told is not held against the disk. */
  apartFromOwn(vm: ThisVm): ThisVm {
    return {
      ...vm,
      tell: async (told, value) => {
        // Both are attributes of the same device: /sys/block/sdb/device/rescan
        const disk = basename(dirname(dirname(told)));
        const before = this.#count(disk);
        await vm.tell(told, value).finally(() => {
          this.#passOver(disk, before);
        });
      },
    };
  }

  #passOver(disk: string, before: bigint | undefined): void {
    const seen = this.#seen.get(disk);
    const after = this.#count(disk);
    if (seen === undefined || before === undefined) return;
    if (after === undefined) this.#seen.delete(disk);
    else if (after > before) this.#seen.set(disk, { ...seen, count: seen.count + after - before });
  }

  #count(disk: string): bigint | undefined {
    const text = attribute(join(sysBlock(this.#roots), disk, "device", "ioerr_cnt"));
    return text !== undefined && /^0x[0-9a-f]{1,16}$/.test(text) ? BigInt(text) : undefined;
  }
}
