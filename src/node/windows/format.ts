import { checkFormatOptions, type FormatOptions } from "../../csi/format-options.ts";
import type { FileSystem } from "../../csi/volume-capability.ts";
import { StatusError } from "../../kit/errors.ts";
import { progressOf } from "./content.ts";
import { diskRef, partitionRef } from "./disks.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

const names: Readonly<Partial<Record<FileSystem, "NTFS" | "ReFS">>> = { ntfs: "NTFS", refs: "ReFS" };

/** Raw disk, partition table, partition, file system: each step is one look. */
const MOST_STEPS = 3;

/**
 * Makes a partition table, a partition over the disk and a file system on a disk that is blank. Before each step the disk
 * is looked at anew and proven blank as far as it has come, so that the same call goes on where one was cut off.
 * @throws StatusError INVALID_ARGUMENT for options that it can't have, FAILED_PRECONDITION for a disk that is not blank
 */
export async function format(
  workers: WindowsWorkers,
  volumeId: string,
  fsType: FileSystem,
  options: FormatOptions,
): Promise<void> {
  const fileSystem = names[fsType];
  if (fileSystem === undefined) throw new StatusError("INVALID_ARGUMENT", `Windows makes no ${fsType}`);
  checkFormatOptions(fsType, options);
  for (let step = 0; step < MOST_STEPS; step++) {
    const progress = await progressOf(workers, volumeId);
    switch (progress.step) {
      case "initialise":
      case "createPartition":
        await workers.change(progress.step, { disk: diskRef(progress.disk) });
        break;
      case "format":
        await workers.change("format", {
          partition: partitionRef(progress.disk, progress.partition),
          fileSystem,
          label: `csi-${volumeId.slice(0, 8)}`,
          allocationUnit: options.blockSize ?? null,
        });
        return;
      case "done":
        throw new StatusError(
          "FAILED_PRECONDITION",
          `the disk of volume ${volumeId} is not blank: it was not formatted`,
        );
    }
  }
  throw new StatusError(
    "UNAVAILABLE",
    `the disk of volume ${volumeId} does not show what was made on it yet`,
  );
}
