import { StatusError } from "../../kit/errors.ts";
import { MiB } from "../../kit/sizes.ts";
import type { DiskContent } from "../guest.ts";
import { BASIC_DATA, dataPartitions, deviceName, diskRef, requireDisk, volumePathOf } from "./disks.ts";
import { PARTITION_STYLES, type WindowsDisk, type WindowsPartition } from "./protocol.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/** How far a disk has come on its way to a file system; each step is proven blank by what was read. */
export type Progress =
  | { readonly step: "initialise" | "createPartition"; readonly disk: WindowsDisk }
  | { readonly step: "format"; readonly disk: WindowsDisk; readonly partition: WindowsPartition }
  | { readonly step: "done"; readonly content: Exclude<DiskContent, { kind: "blank" }> };

/** What is on a volume's disk. A disk whose preparation was cut off before its file system was begun is blank still. */
export async function contentOf(workers: WindowsWorkers, volumeId: string): Promise<DiskContent> {
  const progress = await progressOf(workers, volumeId);
  return progress.step === "done" ? progress.content : { kind: "blank" };
}

/**
 * The next step for a disk. Blank means of a raw disk that its first and last MiB are zero; of one with a GPT and no
 * partition but Microsoft's reserved one, that the first and last MiB between are; of a partition on which Windows knows
 * no file system, that its first and last MiB are. A read that fails is an error.
 */
export async function progressOf(workers: WindowsWorkers, volumeId: string): Promise<Progress> {
  const survey = await workers.ask("survey", {});
  const disk = requireDisk(survey, volumeId);
  const size = BigInt(disk.size);
  if (disk.partitionStyle === PARTITION_STYLES.raw) {
    if (await endsAreZero(workers, disk, 0n, size)) return { step: "initialise", disk };
    return unknown("data without a partition table");
  }
  if (disk.partitionStyle !== PARTITION_STYLES.gpt) return unknown("a partition table that is no GPT");
  const partitions = dataPartitions(survey, disk);
  const [partition] = partitions;
  if (partition === undefined) {
    const reserved = survey.partitions.filter(({ diskNumber }) => diskNumber === disk.number);
    const [from, to] = freeRoom(disk, reserved);
    if (await endsAreZero(workers, disk, from, to)) return { step: "createPartition", disk };
    return unknown("a GPT without partitions, and data");
  }
  if (partitions.length > 1) return unknown(`a GPT with ${partitions.length} partitions`);
  if (partition.gptType !== BASIC_DATA)
    return unknown(`a partition of the kind ${partition.gptType ?? "unknown"}`);
  const fsType = await fileSystemOn(workers, partition);
  if (fsType !== "") return { step: "done", content: { kind: "file system", fsType } };
  const from = BigInt(partition.offset);
  if (await endsAreZero(workers, disk, from, from + BigInt(partition.size)))
    return { step: "format", disk, partition };
  return unknown("a partition with data that is no known file system");
}

/** In lower case; "" when Windows knows none. @throws StatusError UNAVAILABLE while Windows has made no volume of it */
export async function fileSystemOn(workers: WindowsWorkers, partition: WindowsPartition): Promise<string> {
  const path = volumePathOf(partition);
  if (path === undefined) {
    throw new StatusError(
      "UNAVAILABLE",
      `Windows has not made a volume of partition ${partition.partitionNumber} of disk ${partition.diskNumber} yet`,
    );
  }
  const { fileSystem } = await workers.ask("volume", { path });
  return fileSystem.toUpperCase() === "RAW" ? "" : fileSystem.toLowerCase();
}

/** A GPT has its header and 16 KiB of entries at both ends, behind one sector at the beginning (UEFI 5.3). */
const TABLE_BYTES = 16n * 1024n;

/** What of a disk with a GPT lies behind its reserved partition, or behind the table, and before the table's copy. */
function freeRoom(
  { size, logicalSectorSize }: WindowsDisk,
  reserved: readonly WindowsPartition[],
): [bigint, bigint] {
  const sector = BigInt(logicalSectorSize);
  const ends = reserved.map(({ offset, size: length }) => BigInt(offset) + BigInt(length));
  const from = [2n * sector + TABLE_BYTES, ...ends].reduce((most, each) => (each > most ? each : most));
  return [from, BigInt(size) - sector - TABLE_BYTES];
}

async function endsAreZero(
  workers: WindowsWorkers,
  disk: WindowsDisk,
  from: bigint,
  to: bigint,
): Promise<boolean> {
  const room = to - from;
  const length = room < MiB ? room : MiB;
  if (length <= 0n)
    throw new StatusError("OUT_OF_RANGE", `${deviceName(disk)} is too small to hold anything`);
  for (const offset of [from, to - length]) {
    const { data } = await workers.ask("read", {
      disk: diskRef(disk),
      offset: String(offset),
      length: Number(length),
    });
    const bytes = Buffer.from(data, "base64");
    if (BigInt(bytes.length) !== length) {
      throw new StatusError(
        "UNAVAILABLE",
        `${deviceName(disk)} gave ${bytes.length} bytes instead of ${length}`,
      );
    }
    if (bytes.some((byte) => byte !== 0)) return false;
  }
  return true;
}

function unknown(what: string): Progress {
  return { step: "done", content: { kind: "unknown", what } };
}
