import { StatusError } from "../../kit/errors.ts";
import { scsiPage83 } from "../../vhdx/index.ts";
import {
  type DiskRef,
  FCPH_NAME,
  type PartitionRef,
  type Survey,
  type WindowsDisk,
  type WindowsPartition,
} from "./protocol.ts";

/** The name of SCSI page 0x83 that a disk gives itself; undefined for a disk without one. */
export function page83Of({ uniqueId, uniqueIdFormat }: WindowsDisk): string | undefined {
  return uniqueIdFormat === FCPH_NAME ? uniqueId.trim().toLowerCase() : undefined;
}

/** True when a disk names itself as the volume. */
export function isDiskOf(disk: WindowsDisk, volumeId: string): boolean {
  return page83Of(disk) === scsiPage83(volumeId);
}

/**
 * VMBus id of the SCSI controller that a disk hangs on: the last GUID in the instance id of that device, whose first is
 * that of its kind. Undefined when Windows does not tell.
 */
export function controllerOf({ parentDevice }: Pick<WindowsDisk, "parentDevice">): string | undefined {
  return parentDevice
    ?.match(/\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}/gi)
    ?.at(-1)
    ?.slice(1, -1)
    .toLowerCase();
}

/** For people. */
export function deviceName({ number }: Pick<WindowsDisk, "number">): string {
  return `\\\\.\\PhysicalDrive${number}`;
}

export function diskRef({ number, uniqueId }: WindowsDisk): DiskRef {
  return { number, uniqueId };
}

export function partitionRef(disk: WindowsDisk, { partitionNumber, offset }: WindowsPartition): PartitionRef {
  return { disk: diskRef(disk), partitionNumber, offset };
}

/** Of a GPT's partitions those that may hold data: all but Microsoft's reserved one, which is never used. */
export function dataPartitions({ partitions }: Survey, { number }: WindowsDisk): WindowsPartition[] {
  return partitions.filter(({ diskNumber, gptType }) => diskNumber === number && gptType !== RESERVED);
}

/** Kinds of partitions, PARTITION_MSFT_RESERVED_GUID and PARTITION_BASIC_DATA_GUID. */
export const RESERVED = "e3c9e316-0b5c-4db8-817d-f92df00215ae";
export const BASIC_DATA = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7";

/** `\\?\Volume{…}\` among a partition's access paths; undefined when Windows has made no volume of it. */
export function volumePathOf({ accessPaths }: WindowsPartition): string | undefined {
  return accessPaths.find(isVolumePath);
}

/** True for `\\?\Volume{…}\`, which is a path of no directory. */
export function isVolumePath(path: string): boolean {
  return /^\\\\\?\\Volume\{[0-9a-f-]+\}\\?$/i.test(path);
}

/** True for `E:\`. */
export function isDriveLetter(path: string): boolean {
  return /^[A-Z]:\\?$/i.test(path);
}

/**
 * The one disk that names itself as a volume; undefined when there is none.
 * @throws StatusError FAILED_PRECONDITION for several, and for one that this Windows or a cluster lives on
 */
export function theDisk({ disks }: Survey, volumeId: string): WindowsDisk | undefined {
  const named = disks.filter((disk) => isDiskOf(disk, volumeId));
  const [disk] = named;
  if (named.length > 1) {
    throw refusal(
      `several disks name themselves as volume ${volumeId} does: ${named.map(deviceName).join(", ")}. Detach all but one`,
    );
  }
  if (disk?.isSystem === true) throw refusal(`${deviceName(disk)} holds the running Windows`);
  if (disk?.isClustered === true)
    throw refusal(`${deviceName(disk)} belongs to a failover cluster in this VM`);
  return disk;
}

/** @throws StatusError as {@link theDisk}, and UNAVAILABLE when it is not there any more */
export function requireDisk(survey: Survey, volumeId: string): WindowsDisk {
  const disk = theDisk(survey, volumeId);
  if (disk !== undefined) return disk;
  throw new StatusError("UNAVAILABLE", `the disk of volume ${volumeId} is not there any more`);
}

export function refusal(message: string): StatusError {
  return new StatusError("FAILED_PRECONDITION", `${message}: nothing was written`);
}
