import { constants } from "node:fs";
import { VhdxError } from "../error.ts";
import { fileSystem } from "../platform/file-system.ts";
import type { ByteRange } from "../platform/port.ts";
import { type FillableFile, fillable } from "./fillable-file.ts";
import { Descriptor } from "./descriptor.ts";

/** What reading an image takes. Offsets and sizes are bytes. */
export interface ReadableFile {
  size(): Promise<bigint>;
  /** Exactly `length` bytes at `offset`; VhdxError naming `structure` when the file ends before that. */
  read(structure: string, offset: bigint, length: number): Promise<Buffer>;
  /** Fills `target` from `offset`; otherwise like `read`. */
  readInto(structure: string, offset: bigint, target: Uint8Array): Promise<void>;
  /**
   * The first stretch of [`from`, `to`) that may hold anything but zeros; undefined when there is none. Where holes
   * can't be told it is the whole of it.
   */
  nextData(from: bigint, to: bigint): ByteRange | undefined;
  /** Equal for two open files exactly when they are the same file. */
  readonly identity: string;
}

/** What changing an image takes. */
export interface WritableFile extends ReadableFile, FillableFile {
  /** Gives the space of whole pages back, they read as zeros then; false, and nothing changed, where that can't be done. */
  punch(offset: bigint, length: bigint): Promise<boolean>;
}

/** Windows has no O_NONBLOCK. */
const readOnly = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

/** An open file. System errors (ENOSPC, EIO, …) pass through as they are. */
export class DiskFile implements WritableFile {
  readonly identity: string;
  readonly #descriptor: Descriptor;
  readonly #content: FillableFile;
  /** Of a file that is only read, for who asks first: a look at it saves another. */
  #sizeAtOpen: bigint | undefined;

  private constructor(descriptor: Descriptor, identity: string) {
    this.#descriptor = descriptor;
    this.#content = fillable(descriptor);
    this.identity = identity;
  }

  /** Opens the file at `path`. VhdxError when it can't be a disk's file. */
  static async open(path: string, flags: "r" | "r+"): Promise<DiskFile> {
    // Without waiting: a FIFO would keep its reader until somebody writes.
    if (flags === "r") {
      const { file, size } = await DiskFile.#take(await Descriptor.open(path, readOnly));
      file.#sizeAtOpen = size;
      return file;
    }
    const file = await DiskFile.from(await Descriptor.open(path, flags));
    try {
      fileSystem.refuseUnfit(path);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Takes over an open descriptor; it is closed on failure. VhdxError when it is not of a regular file. */
  static async from(descriptor: Descriptor): Promise<DiskFile> {
    return (await DiskFile.#take(descriptor)).file;
  }

  static async #take(descriptor: Descriptor): Promise<{ file: DiskFile; size: bigint }> {
    try {
      const status = await descriptor.stat();
      if (!status.isFile()) throw new VhdxError("file", 0, "is not a regular file");
      const { dev, ino, size } = status;
      return { file: new DiskFile(descriptor, `${dev}:${ino}`), size };
    } catch (error) {
      await descriptor.close();
      throw error;
    }
  }

  /** The descriptor, for what only the platform can do with it. */
  get descriptor(): number {
    return this.#descriptor.number;
  }

  async size(): Promise<bigint> {
    const known = this.#sizeAtOpen;
    this.#sizeAtOpen = undefined;
    if (known !== undefined) return known;
    const status = await this.#descriptor.stat();
    return status.size;
  }

  async read(structure: string, offset: bigint, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    await this.readInto(structure, offset, buffer);
    return buffer;
  }

  async readInto(structure: string, offset: bigint, target: Uint8Array): Promise<void> {
    const start = Number(offset);
    let done = 0;
    while (done < target.length) {
      const count = await this.#descriptor.read(target, done, start + done);
      if (count === 0) throw new VhdxError(structure, start + done, "the file ends here");
      done += count;
    }
  }

  write(offset: bigint, data: Uint8Array): Promise<void> {
    return this.#content.write(offset, data);
  }

  resize(size: bigint): Promise<void> {
    return this.#content.resize(size);
  }

  flush(): Promise<void> {
    return this.#content.flush();
  }

  nextData(from: bigint, to: bigint): ByteRange | undefined {
    return fileSystem.nextData(this.#descriptor.number, from, to);
  }

  punch(offset: bigint, length: bigint): Promise<boolean> {
    return fileSystem.punch(this.#descriptor.number, offset, length);
  }

  close(): Promise<void> {
    return this.#descriptor.close();
  }
}

/** Runs `use` on the file at `path`, opened with these flags, and closes it whatever happens. */
export async function withFile<T>(
  path: string,
  flags: "r" | "r+",
  use: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const file = await DiskFile.open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
