import { type FileHandle, open } from "node:fs/promises";
import { VhdxError } from "../error.ts";

/** What reading an image takes. Offsets and sizes are bytes. */
export interface ReadableFile {
  size(): Promise<bigint>;
  /** Exactly `length` bytes at `offset`; VhdxError naming `structure` when the file ends before that. */
  read(structure: string, offset: bigint, length: number): Promise<Buffer>;
}

/** What changing an image takes. */
export interface WritableFile extends ReadableFile {
  write(offset: bigint, data: Uint8Array): Promise<void>;
  /** Sets the file's size; new bytes read as zeros. */
  resize(size: bigint): Promise<void>;
  /** Makes everything written and the size durable. */
  flush(): Promise<void>;
}

/** An open file. System errors (ENOSPC, EIO, …) pass through as they are. */
export class DiskFile implements WritableFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<bigint> {
    const status = await this.#handle.stat({ bigint: true });
    return status.size;
  }

  async read(structure: string, offset: bigint, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const position = Number(offset) + done;
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, position);
      if (bytesRead === 0) throw new VhdxError(structure, position, "the file ends here");
      done += bytesRead;
    }
    return buffer;
  }

  async write(offset: bigint, data: Uint8Array): Promise<void> {
    let done = 0;
    while (done < data.length) {
      const position = Number(offset) + done;
      const { bytesWritten } = await this.#handle.write(data, done, data.length - done, position);
      done += bytesWritten;
    }
  }

  resize(size: bigint): Promise<void> {
    return this.#handle.truncate(Number(size));
  }

  flush(): Promise<void> {
    return this.#handle.datasync();
  }
}

/** Runs `use` on the file at `path`, opened with these flags, and closes it whatever happens. A new file is its owner's alone. */
export async function withFile<T>(
  path: string,
  flags: "r" | "r+" | "wx",
  use: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const handle = await open(path, flags, 0o600);
  try {
    return await use(new DiskFile(handle));
  } finally {
    await handle.close();
  }
}
