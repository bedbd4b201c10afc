import { stat } from "node:fs/promises";
import type { Stamp } from "./stamp.ts";
import { stampOf } from "./stamp.ts";

/** What the file systems told of each disk's file when it was last looked at, by id. */
export class Ledger {
  readonly #stamps = new Map<string, Stamp>();

  get(id: string): Stamp | undefined {
    return this.#stamps.get(id);
  }

  set(id: string, stamp: Stamp): void {
    this.#stamps.set(id, stamp);
  }

  delete(id: string): void {
    this.#stamps.delete(id);
  }

  /** Looks at a disk's file again. */
  async look(id: string, path: string): Promise<Stamp> {
    const stamp = stampOf(await stat(path, { bigint: true }));
    this.#stamps.set(id, stamp);
    return stamp;
  }
}
