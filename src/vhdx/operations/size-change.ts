import { VhdxError } from "../error.ts";
import { isVirtualSize } from "../format/disk-parameters.ts";
import { randomGuid } from "../format/guid.ts";
import type { DiskMetadata } from "../format/metadata.ts";
import type { LogChange } from "../log/log-entry.ts";
import { LogWriter, sectorsWith } from "../log/log-writer.ts";
import { recover } from "../log/replay.ts";
import type { WritableFile } from "../storage/file.ts";

/** RangeError when no disk with sectors like this one's can have `newSize` bytes. */
export function checkNewSize(disk: DiskMetadata, newSize: bigint): void {
  if (isVirtualSize(newSize, disk.logicalSectorSize)) return;
  throw new RangeError(`a disk of ${newSize} bytes is out of range or not made of whole sectors`);
}

/** Why the disk can't have the size asked for. */
export function sizeError(disk: DiskMetadata, problem: string): VhdxError {
  return new VhdxError("virtual disk size", disk.virtualSizeOffset, problem);
}

/** The first writes to a file whose disk is to change: a pending log is replayed, both write GUIDs are new. */
export async function beginChange(file: WritableFile): Promise<LogWriter> {
  const log = new LogWriter(file, await recover(file));
  await log.renewGuids({ fileWriteGuid: randomGuid(), dataWriteGuid: randomGuid() });
  return log;
}

/** What must be logged to give the disk its new size. */
export function sizeChange(file: WritableFile, disk: DiskMetadata, newSize: bigint): Promise<LogChange[]> {
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(newSize);
  return sectorsWith(file, "virtual disk size", disk.virtualSizeOffset, value);
}
