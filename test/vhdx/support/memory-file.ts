import { open } from "node:fs/promises";
import { VhdxError } from "../../../src/vhdx/error.ts";
import type { ByteRange } from "../../../src/vhdx/platform/port.ts";
import type { WritableFile } from "../../../src/vhdx/storage/file.ts";

const PAGE = 4096;
const PAGE_SIZE = BigInt(PAGE);
const zeroPage = Buffer.alloc(PAGE);

/** A sparse file in memory, cheap to copy: copies share their pages until one of them writes. */
export class MemoryFile implements WritableFile {
  static #made = 0;
  readonly identity = `memory:${MemoryFile.#made++}`;
  #pages = new Map<number, Buffer>();
  /** The pages that no copy shares. */
  #own = new Set<number>();
  #size = 0n;

  /** The first `length` bytes of a file on disk, and holes for the rest. */
  static async load(path: string, length: number): Promise<MemoryFile> {
    const handle = await open(path, "r");
    try {
      const file = new MemoryFile();
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await handle.read(bytes, 0, length, 0);
      file.put(0n, bytes.subarray(0, bytesRead));
      file.#size = (await handle.stat({ bigint: true })).size;
      return file;
    } finally {
      await handle.close();
    }
  }

  copy(): MemoryFile {
    const copy = new MemoryFile();
    copy.#pages = new Map(this.#pages);
    this.#own = new Set();
    copy.#size = this.#size;
    return copy;
  }

  /** Writes the file to disk, keeping its holes. */
  async save(path: string): Promise<void> {
    const handle = await open(path, "w");
    try {
      await handle.truncate(Number(this.#size));
      for (const [page, bytes] of this.#pages) {
        const left = Number(this.#size) - page * PAGE;
        await handle.write(bytes, 0, Math.min(PAGE, left), page * PAGE);
      }
    } finally {
      await handle.close();
    }
  }

  /** `read` without the promise; zeros behind the end. */
  get(offset: bigint, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    this.#getInto(offset, bytes);
    return bytes;
  }

  #getInto(offset: bigint, target: Uint8Array): void {
    let hole = 0;
    for (let done = 0; done < target.length;) {
      const at = Number(offset) + done;
      const inPage = at % PAGE;
      const count = Math.min(PAGE - inPage, target.length - done);
      const page = this.#pages.get((at - inPage) / PAGE);
      if (page !== undefined) {
        target.fill(0, hole, done);
        target.set(count === PAGE ? page : page.subarray(inPage, inPage + count), done);
        hole = done + count;
      }
      done += count;
    }
    target.fill(0, hole);
  }

  /** The page, for changing it. */
  #page(number: number): Buffer | undefined {
    const page = this.#pages.get(number);
    if (page === undefined || this.#own.has(number)) return page;
    return this.#put(number, Buffer.from(page));
  }

  #put(number: number, page: Buffer): Buffer {
    this.#pages.set(number, page);
    this.#own.add(number);
    return page;
  }

  /** `write` without the promise. */
  put(offset: bigint, data: Uint8Array): void {
    for (let done = 0; done < data.length;) {
      const at = Number(offset) + done;
      const inPage = at % PAGE;
      const count = Math.min(PAGE - inPage, data.length - done);
      const piece = data.subarray(done, done + count);
      const number = (at - inPage) / PAGE;
      const page = count === PAGE ? undefined : this.#page(number);
      if (page) page.set(piece, inPage);
      else if (count === PAGE && this.#pages.has(number)) this.#put(number, Buffer.from(piece));
      else if (!zeroPage.subarray(0, count).equals(piece))
        this.#put(number, Buffer.alloc(PAGE)).set(piece, inPage);
      done += count;
    }
    const end = offset + BigInt(data.length);
    if (end > this.#size) this.#size = end;
  }

  equals(other: MemoryFile): boolean {
    const pages = new Set([...this.#pages.keys(), ...other.#pages.keys()]);
    return (
      this.#size === other.#size &&
      [...pages].every((number) => {
        const page = this.#pages.get(number) ?? zeroPage;
        const otherPage = other.#pages.get(number) ?? zeroPage;
        return page === otherPage || page.equals(otherPage);
      })
    );
  }

  /** `size` without the promise. */
  get length(): bigint {
    return this.#size;
  }

  size(): Promise<bigint> {
    return Promise.resolve(this.#size);
  }

  read(structure: string, offset: bigint, length: number): Promise<Buffer> {
    if (length > 0 && offset + BigInt(length) > this.#size) {
      return Promise.reject(new VhdxError(structure, offset, "the file ends here"));
    }
    return Promise.resolve(this.get(offset, length));
  }

  readInto(structure: string, offset: bigint, target: Uint8Array): Promise<void> {
    if (target.length > 0 && offset + BigInt(target.length) > this.#size) {
      return Promise.reject(new VhdxError(structure, offset, "the file ends here"));
    }
    this.#getInto(offset, target);
    return Promise.resolve();
  }

  nextData(from: bigint, to: bigint): ByteRange | undefined {
    const first = Number(from / PAGE_SIZE);
    const last = Number((to + PAGE_SIZE - 1n) / PAGE_SIZE);
    const held = [...this.#pages.keys()].filter((page) => page >= first && page < last).sort((a, b) => a - b);
    const [start] = held;
    if (start === undefined) return undefined;
    let end = start;
    for (const page of held) if (page === end) end += 1;
    const [startByte, endByte] = [BigInt(start) * PAGE_SIZE, BigInt(end) * PAGE_SIZE];
    return { start: startByte > from ? startByte : from, end: endByte < to ? endByte : to };
  }

  punch(offset: bigint, length: bigint): Promise<boolean> {
    const first = Number((offset + PAGE_SIZE - 1n) / PAGE_SIZE);
    const end = Number((offset + length) / PAGE_SIZE);
    for (const page of this.#pages.keys()) if (page >= first && page < end) this.#pages.delete(page);
    return Promise.resolve(true);
  }

  write(offset: bigint, data: Uint8Array): Promise<void> {
    this.put(offset, data);
    return Promise.resolve();
  }

  resize(size: bigint): Promise<void> {
    if (size < this.#size) {
      for (const page of this.#pages.keys()) {
        const left = Number(size) - page * PAGE;
        if (left <= 0) this.#pages.delete(page);
        else if (left < PAGE) this.#page(page)?.fill(0, left);
      }
    }
    this.#size = size;
    return Promise.resolve();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }
}
