import { rm } from "node:fs/promises";
import { fileSystem } from "../platform/file-system.ts";
import { Descriptor } from "./descriptor.ts";

/** What filling a file takes. Offsets and sizes are bytes; system errors (ENOSPC, EIO, …) pass through as they are. */
export interface FillableFile {
  write(offset: bigint, data: Uint8Array): Promise<void>;
  /** Sets the file's size; new bytes read as zeros. */
  resize(size: bigint): Promise<void>;
  /** Makes everything written and the size durable. */
  flush(): Promise<void>;
}

/**
 * Runs `use` on a file that was not there (EEXIST otherwise) and is its owner's alone, and closes it whatever happens.
 * It is not looked at: nothing but a regular file can come of it. VhdxError, and no file, when it can't be a disk's.
 */
export async function withCreatedFile<T>(path: string, use: (file: FillableFile) => Promise<T>): Promise<T> {
  const descriptor = await Descriptor.open(path, "wx", 0o600);
  try {
    await refuseUnfit(path);
    return await use(fillable(descriptor));
  } finally {
    await descriptor.close();
  }
}

/** A new file has attributes that unfit it from its directory. */
async function refuseUnfit(path: string): Promise<void> {
  try {
    fileSystem.refuseUnfit(path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Fills an open file by its descriptor. */
export function fillable(descriptor: Descriptor): FillableFile {
  return {
    write: async (offset, data) => {
      const start = Number(offset);
      let done = 0;
      while (done < data.length) {
        done += await descriptor.write(data, done, start + done);
      }
    },
    resize: (size) => descriptor.truncate(Number(size)),
    flush: () => descriptor.datasync(),
  };
}
