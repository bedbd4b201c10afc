import { blockTableLayout, tableView, writeEntry } from "../../format/block-table.ts";
import { type LogChange, logEntryLayout } from "../../log/log-entry.ts";
import type { LogWriter } from "../../log/log-writer.ts";
import type { WritableFile } from "../../storage/file.ts";

const ENTRY_SIZE = blockTableLayout.entry.size;
const SECTOR = logEntryLayout.sector;

/** Changed entries of a block table that become durable together. */
export class EntryBatch {
  readonly #file: WritableFile;
  readonly #log: LogWriter;
  readonly #entries = new Map<number, Buffer>();
  readonly #sectors = new Set<number>();

  constructor(file: WritableFile, log: LogWriter) {
    this.#file = file;
    this.#log = log;
  }

  /** It must be committed before an entry is added. */
  get isFull(): boolean {
    return this.#sectors.size >= this.#log.capacity;
  }

  /** Sets the entry at byte `at` of the file. */
  set(at: number, state: number, offsetMiB: number): void {
    const bytes = Buffer.alloc(ENTRY_SIZE);
    writeEntry(tableView(bytes), 0, state, offsetMiB);
    this.#entries.set(at, bytes);
    this.#sectors.add(at - (at % SECTOR));
  }

  /** Makes everything written to the file and these entries durable, the entries all or none. */
  async commit(): Promise<void> {
    if (this.#sectors.size === 0) return;
    const sectors = new Map<number, Buffer>();
    for (const sector of this.#sectors) {
      sectors.set(sector, Buffer.from(await this.#file.read("block table", BigInt(sector), SECTOR)));
    }
    for (const [at, bytes] of this.#entries)
      bytes.copy(sectors.get(at - (at % SECTOR)) ?? bytes, at % SECTOR);
    const changes = [...sectors].map(([sector, data]): LogChange => ({ offset: BigInt(sector), data }));
    await this.#log.commit(changes);
    this.#entries.clear();
    this.#sectors.clear();
  }
}
