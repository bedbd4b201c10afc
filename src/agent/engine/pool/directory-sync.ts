import type { DirectoryFlush } from "../../../kit/directory-flush.ts";

/**
 * Makes changes of one directory durable. Callers that arrive while an fsync runs share the next one: it starts
 * after their change, so it covers them all.
 */
export class DirectorySync {
  readonly #directory: Pick<DirectoryFlush, "sync">;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(directory: Pick<DirectoryFlush, "sync">) {
    this.#directory = directory;
  }

  /** Resolves when every change made before the call is durable. */
  flush(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const running = this.#directory.sync().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
