import type { DiskParameters } from "../format/disk-parameters.ts";
import { readImage } from "../image/image.ts";
import type { ParentResolver } from "../image/parent-resolver.ts";
import { DiskFile, type ReadableFile } from "../storage/file.ts";
import { type Chain, openChain } from "./chain.ts";
import { diskRange } from "./range.ts";
import { readChain } from "./read-chain.ts";

/** How to open a disk. */
export interface OpenOptions {
  /** Finds and opens the parents of differencing disks; without it none is ever opened. */
  readonly resolveParent?: ParentResolver;
  readonly signal?: AbortSignal;
}

/** A disk open for reading, with its parents. Nothing is ever written; a pending log is replayed in memory. */
export class ReadableDisk {
  readonly #chain: Chain;
  readonly #close: () => Promise<void>;

  private constructor(chain: Chain, close: () => Promise<void>) {
    this.#chain = chain;
    this.#close = close;
  }

  /** Opens the disk at `path`. VhdxError when it or a parent is damaged, missing or has changed. */
  static async open(path: string, options: OpenOptions = {}): Promise<ReadableDisk> {
    const file = await DiskFile.open(path, "r");
    try {
      return await ReadableDisk.on(file, path, options, () => file.close());
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Opens the disk in an open file; `name` is its path, `close` is called last. */
  static async on(
    file: ReadableFile,
    name: string,
    options: OpenOptions = {},
    close: () => Promise<void> = () => Promise.resolve(),
  ): Promise<ReadableDisk> {
    const image = await readImage(file);
    return new ReadableDisk(await openChain(image, name, options.resolveParent, options.signal), close);
  }

  get parameters(): DiskParameters {
    return this.layers[0].image.disk;
  }

  /** Bytes. */
  get virtualSize(): bigint {
    return this.parameters.virtualSize;
  }

  /** The images that make up the disk, from its own file down to the last parent. */
  get layers(): Chain["layers"] {
    return this.#chain.layers;
  }

  /** Fills `target` with the disk's bytes from `offset` on. RangeError when that leaves the disk. */
  async read(offset: bigint, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { start } = diskRange(this.virtualSize, offset, BigInt(target.length));
    await readChain(this.layers, 0, start, target, signal);
  }

  async close(): Promise<void> {
    await this.#chain.close();
    await this.#close();
  }
}

/** Opens a disk for `use` and closes it whatever happens. */
export async function withReadableDisk<T>(
  path: string,
  options: OpenOptions,
  use: (disk: ReadableDisk) => Promise<T>,
): Promise<T> {
  const disk = await ReadableDisk.open(path, options);
  try {
    return await use(disk);
  } finally {
    await disk.close();
  }
}
