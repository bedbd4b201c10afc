import { stat } from "node:fs/promises";
import type { Stamp } from "./stamp.ts";
import { stampOf } from "./stamp.ts";

interface Look extends Stamp {
  readonly record: string | undefined;
}

/** What the file systems told of each disk's files when they were last looked at, by id. */
export class Ledger {
  readonly #looks = new Map<string, Look>();

  get(id: string): Stamp | undefined {
    return this.#looks.get(id);
  }

  /** {@link Stamp.text} of the record's file that says what the catalog says; undefined where none does. */
  recordOf(id: string): string | undefined {
    return this.#looks.get(id)?.record;
  }

  /** @param record see {@link recordOf} */
  set(id: string, { text, allocated }: Stamp, record: string | undefined): void {
    this.#looks.set(id, { text, allocated, record });
  }

  setRecord(id: string, record: string | undefined): void {
    const look = this.#looks.get(id);
    if (look !== undefined) this.set(id, look, record);
  }

  delete(id: string): void {
    this.#looks.delete(id);
  }

  /**
   * Looks at a disk's file again: what it takes. One that is another than it was, as far as the file system can tell, is
   * not known to be the disk until it was read.
   */
  async look(id: string, path: string): Promise<Stamp> {
    const stamp = stampOf(await stat(path, { bigint: true }));
    this.set(id, { ...stamp, text: this.get(id)?.text ?? stamp.text }, this.recordOf(id));
    return stamp;
  }

  /** A disk's file was read, and was the disk, when the file system told this of it. */
  prove(id: string, stamp: Stamp): void {
    this.set(id, stamp, this.recordOf(id));
  }
}
