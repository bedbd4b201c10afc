import { MiB, roundUp } from "../../kit/sizes.ts";
import type { DiskParameters } from "../format/disk-parameters.ts";
import { readImage } from "../image/image.ts";
import { readOccupancy, refuseMisplaced } from "../image/occupancy.ts";
import { LogWriter } from "../log/log-writer.ts";
import { recover } from "../log/replay.ts";
import { DiskFile, type WritableFile } from "../storage/file.ts";
import { BlockChanges } from "./block-changes.ts";
import { type Chain, openChain } from "./chain.ts";
import { DiskWriter } from "./disk-writer.ts";
import { diskRange } from "./range.ts";
import type { OpenOptions } from "./readable-disk.ts";
import { Space } from "./space.ts";

/**
 * A disk open for reading and writing; its parents are only read. Nobody else may have the file open. A power cut
 * leaves what the last `flush` left, and of what came after any part, each sector in its old or new form.
 */
export class WritableDisk {
  readonly #chain: Chain;
  readonly #writer: DiskWriter;
  readonly #close: () => Promise<void>;

  private constructor(chain: Chain, writer: DiskWriter, close: () => Promise<void>) {
    this.#chain = chain;
    this.#writer = writer;
    this.#close = close;
  }

  /**
   * Opens the disk at `path`; a pending log is replayed onto the file first. VhdxError when it or a parent is damaged,
   * missing or has changed, or when blocks lie over one another.
   */
  static async open(path: string, options: OpenOptions = {}): Promise<WritableDisk> {
    const file = await DiskFile.open(path, "r+");
    try {
      return await WritableDisk.on(file, path, options, () => file.close());
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Opens the disk in an open file; `name` is its path, `close` is called last. */
  static async on(
    file: WritableFile,
    name: string,
    options: OpenOptions = {},
    close: () => Promise<void> = () => Promise.resolve(),
  ): Promise<WritableDisk> {
    let image = await readImage(file);
    const occupancy = await readOccupancy(image, refuseMisplaced, options.signal);
    let chain = await openChain(image, name, options.resolveParent, options.signal);
    // Only now: a file that can't be opened as a whole is not touched, not even by its own log.
    if (image.logReplayPending) {
      await chain.close();
      await recover(file);
      image = await readImage(file);
      chain = await openChain(image, name, options.resolveParent, options.signal);
    }
    const size = await file.size();
    const end = Math.max(Number(roundUp(size, MiB)), occupancy.end * Number(MiB));
    const log = new LogWriter(file, image.current);
    const space = new Space(file, image.disk.blockSize, end, Number(size));
    const changes = new BlockChanges(chain.layers[0], file, log, space);
    return new WritableDisk(chain, new DiskWriter(chain.layers, file, log, changes), close);
  }

  get parameters(): DiskParameters {
    return this.#chain.layers[0].image.disk;
  }

  /** Bytes. */
  get virtualSize(): bigint {
    return this.parameters.virtualSize;
  }

  /** Fills `target` with the disk's bytes from `offset` on. RangeError when that leaves the disk. */
  async read(offset: bigint, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { start } = diskRange(this.virtualSize, offset, BigInt(target.length));
    await this.#writer.read(start, target, signal);
  }

  /** Writes `data` at `offset`. RangeError when that leaves the disk. */
  async write(offset: bigint, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { start } = diskRange(this.virtualSize, offset, BigInt(data.length));
    await this.#writer.write(start, data, signal);
  }

  /** Makes `length` bytes at `offset` read as zeros; blocks wholly inside give their space back, but for fixed disks. */
  async zero(offset: bigint, length: bigint, signal?: AbortSignal): Promise<void> {
    const { start, end } = diskRange(this.virtualSize, offset, length);
    await this.#writer.zero(start, end, signal);
  }

  /** Forgets the blocks wholly inside `length` bytes at `offset`: they read as zeros then. All other bytes stay. */
  async trim(offset: bigint, length: bigint, signal?: AbortSignal): Promise<void> {
    const { start, end } = diskRange(this.virtualSize, offset, length);
    await this.#writer.trim(start, end, signal);
  }

  /** Makes everything done before durable. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Makes everything durable, leaves the log empty and closes the file and its parents. */
  async close(): Promise<void> {
    try {
      await this.#writer.finish();
    } finally {
      await this.#chain.close();
      await this.#close();
    }
  }
}
