import { setTimeout } from "node:timers/promises";
import {
  BASIC_DATA,
  dataPartitions,
  diskRef,
  isDriveLetter,
  partitionRef,
  requireDisk,
  theDisk,
  volumePathOf,
} from "./disks.ts";
import type { PartitionRef, Survey } from "./protocol.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/** How often Windows is asked for the volumes of a disk, or to take a letter away, and the milliseconds between. */
const MOST_LOOKS = 10;
const LOOK_MS = 500;

/** A drive letter that a partition has, as its access paths have it. */
interface Letter {
  readonly partition: PartitionRef;
  readonly path: string;
}

/**
 * Brings a volume's disk online, and takes away the drive letters that Windows gives its partitions by that: they would be
 * uses of the volume that nobody ends. Letters that somebody gave stay, as far as that can be told: those that were there
 * before, and those of a partition to which Windows gives none by itself, so that it remembers them.
 * @param before what was seen before the disk was touched
 */
export async function bringOnline(workers: WindowsWorkers, before: Survey, volumeId: string): Promise<void> {
  try {
    await workers.change("setOnline", { disk: diskRef(requireDisk(before, volumeId)) });
  } finally {
    // Also when its worker is lost: the next call finds the letters there, and can't tell whose they are.
    const had = new Set(lettersOf(before, volumeId).map(({ path }) => path));
    const given = await lettersOnceOnline(workers, volumeId);
    for (const letter of given.filter(({ path }) => !had.has(path)))
      await takeAway(workers, volumeId, letter);
  }
}

/** Those that Windows may have given: a letter comes with its volume, which may take a moment. */
async function lettersOnceOnline(workers: WindowsWorkers, volumeId: string): Promise<Letter[]> {
  for (let looks = 1; ; looks++) {
    const survey = await workers.ask("survey", {});
    const disk = theDisk(survey, volumeId);
    if (disk === undefined || disk.isOffline) return [];
    const awaited = dataPartitions(survey, disk).filter(({ gptType }) => gptType === BASIC_DATA);
    const areThere = awaited.every((partition) => volumePathOf(partition) !== undefined);
    if (areThere || looks === MOST_LOOKS) return lettersOf(survey, volumeId);
    await setTimeout(LOOK_MS);
  }
}

function lettersOf(survey: Survey, volumeId: string): Letter[] {
  const disk = theDisk(survey, volumeId);
  if (disk === undefined) return [];
  return dataPartitions(survey, disk)
    .filter(({ noDefaultDriveLetter }) => !noDefaultDriveLetter)
    .flatMap((partition) =>
      partition.accessPaths
        .filter(isDriveLetter)
        .map((path) => ({ partition: partitionRef(disk, partition), path })),
    );
}

/** What looks at each new volume, such as a scanner, may hold a letter for a moment. */
async function takeAway(workers: WindowsWorkers, volumeId: string, letter: Letter): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await workers.change("removeAccessPath", letter);
      return;
    } catch (error) {
      // Where it can't mark the partition, as on a disk that is read-only, Windows may say so after the letter went.
      const left = lettersOf(await workers.ask("survey", {}), volumeId);
      if (!left.some(({ path }) => path === letter.path)) return;
      if (tries === MOST_LOOKS) throw error;
    }
    await setTimeout(LOOK_MS);
  }
}
