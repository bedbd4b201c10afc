import type { Descriptor } from "./descriptor.ts";

/** What filling a file takes. Offsets and sizes are bytes; system errors (ENOSPC, EIO, …) pass through as they are. */
export interface FillableFile {
  write(offset: bigint, data: Uint8Array): Promise<void>;
  /** Sets the file's size; new bytes read as zeros. */
  resize(size: bigint): Promise<void>;
  /** Makes everything written and the size durable. */
  flush(): Promise<void>;
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
