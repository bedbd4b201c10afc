import type { WritableFile } from "../storage/file.ts";

/** Where new blocks go. Everything it hands out reads as zeros. Offsets and lengths are bytes, whole MiB. */
export class Space {
  readonly #file: WritableFile;
  readonly #blockSize: number;
  /** Payload blocks that were given back and read as zeros. */
  readonly #free: number[] = [];
  #end: number;
  #size: number;
  #growing = Promise.resolve();

  /** `end`: behind everything in the file, at or behind its end of `size` bytes. */
  constructor(file: WritableFile, blockSize: number, end: number, size: number) {
    this.#file = file;
    this.#blockSize = blockSize;
    this.#end = end;
    this.#size = size;
  }

  /** A place for a payload block. `reach` must be called before it is written. */
  takeBlock(): number {
    return this.#free.pop() ?? this.take(this.#blockSize);
  }

  /** A place of `length` bytes at the end. `reach` must be called before it is written. */
  take(length: number): number {
    const start = this.#end;
    this.#end += length;
    return start;
  }

  /** Makes the file long enough for bytes up to `end`. */
  async reach(end: number): Promise<void> {
    const grow = async () => {
      if (end <= this.#size) return;
      await this.#file.resize(BigInt(end));
      this.#size = end;
    };
    // One after the other, so that none makes the file shorter again; one that failed does not stop the next.
    this.#growing = this.#growing.then(grow, grow);
    await this.#growing;
  }

  /** Takes back a payload block that nothing durable refers to any more. It is used again where holes can be punched. */
  async giveBlock(offset: number): Promise<void> {
    if (await this.#file.punch(BigInt(offset), BigInt(this.#blockSize))) this.#free.push(offset);
  }
}
