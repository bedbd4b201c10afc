import type { ReadableFile } from "../storage/file.ts";
import { type LogChange, logEntryLayout } from "../log/log-entry.ts";

/** Bytes read at once; regions and bitmap blocks start and end on its multiples. */
const PAGE = 65536;
const SECTOR = logEntryLayout.sector;

/** 16 MiB, whatever the size of the table. */
const DEFAULT_PAGES = 256;

/** Part of a block table or of a sector bitmap, in memory. */
interface Page {
  readonly bytes: Buffer;
  readonly view: DataView;
  dirtySectors: number;
}

/**
 * Block table and sector bitmaps in pages, a bounded number of them. Changes are made in memory and stay there until
 * they are taken to the log; until then their pages are kept. Offsets are file offsets, in bytes.
 */
export class MetadataPages {
  readonly #file: ReadableFile;
  readonly #capacity: number;
  /** By page number, least recently loaded first. */
  readonly #pages = new Map<number, Page>();
  readonly #loading = new Map<number, Promise<void>>();
  /** Offsets of changed sectors. */
  readonly #dirty = new Set<number>();
  #recentNumber = -1;
  #recent: Page | undefined;

  constructor(file: ReadableFile, capacity = DEFAULT_PAGES) {
    this.#file = file;
    this.#capacity = capacity;
  }

  /** Number of changed sectors not yet taken. */
  get dirtyCount(): number {
    return this.#dirty.size;
  }

  /** The page that holds `offset` when it is in memory; `offset % pageSize` is the place in it. */
  view(offset: number): DataView | undefined {
    return this.#find(offset)?.view;
  }

  /** `view`, with the page brought into memory first. */
  async need(structure: string, offset: number): Promise<DataView> {
    for (;;) {
      const view = this.view(offset);
      if (view !== undefined) return view;
      await this.load(structure, offset);
    }
  }

  /** Brings the page that holds `offset` into memory; VhdxError naming `structure` when the file ends before it. */
  async load(structure: string, offset: number): Promise<void> {
    const number = Math.floor(offset / PAGE);
    if (this.#pages.has(number)) return;
    let loading = this.#loading.get(number);
    if (loading === undefined) {
      loading = this.#read(structure, number).finally(() => this.#loading.delete(number));
      this.#loading.set(number, loading);
    }
    await loading;
  }

  /** Notes that the bytes at [`offset`, `offset + length`) of loaded pages were changed. */
  markDirty(offset: number, length: number): void {
    for (let sector = offset - (offset % SECTOR); sector < offset + length; sector += SECTOR) {
      if (this.#dirty.has(sector)) continue;
      this.#dirty.add(sector);
      const page = this.#find(sector);
      if (page) page.dirtySectors += 1;
    }
  }

  /** Copies of all changed sectors, in file order. */
  changes(): LogChange[] {
    const offsets = [...this.#dirty].sort((one, other) => one - other);
    return offsets.map((offset) => {
      const bytes = this.#find(offset)?.bytes ?? Buffer.alloc(PAGE);
      const at = offset % PAGE;
      return { offset: BigInt(offset), data: Buffer.from(bytes.subarray(at, at + SECTOR)) };
    });
  }

  /** To be called when what `changes` gave is in the file. */
  markClean(): void {
    this.#dirty.clear();
    for (const page of this.#pages.values()) page.dirtySectors = 0;
    this.#evict();
  }

  #find(offset: number): Page | undefined {
    const number = Math.floor(offset / PAGE);
    if (number !== this.#recentNumber) {
      this.#recent = this.#pages.get(number);
      this.#recentNumber = number;
    }
    return this.#recent;
  }

  async #read(structure: string, number: number): Promise<void> {
    this.#put(number, await this.#file.read(structure, BigInt(number * PAGE), PAGE));
  }

  #put(number: number, source: Buffer): void {
    // Pages change in place; what a file hands out may be its own.
    const bytes = Buffer.from(source);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#recentNumber = -1;
    this.#pages.set(number, { bytes, view, dirtySectors: 0 });
    this.#evict();
  }

  #evict(): void {
    if (this.#pages.size <= this.#capacity) return;
    this.#recentNumber = -1;
    for (const [number, page] of this.#pages) {
      if (this.#pages.size <= this.#capacity) return;
      if (page.dirtySectors === 0) this.#pages.delete(number);
    }
  }
}

/** Place of `offset` in its page. */
export function placeInPage(offset: number): number {
  return offset % PAGE;
}
