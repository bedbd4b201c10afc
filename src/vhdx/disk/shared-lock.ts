interface Waiter {
  readonly exclusive: boolean;
  readonly enter: () => void;
}

/** Many share it or one has it alone; first come, first served. Work must not take it again. */
export class SharedLock {
  #sharing = 0;
  #alone = false;
  readonly #queue: Waiter[] = [];

  shared<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(false, work);
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(true, work);
  }

  async #run<T>(exclusive: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#queue.length > 0 || !this.#isFree(exclusive)) {
      await new Promise<void>((enter) => this.#queue.push({ exclusive, enter }));
    } else {
      this.#take(exclusive);
    }
    try {
      return await work();
    } finally {
      if (exclusive) this.#alone = false;
      else this.#sharing -= 1;
      this.#admit();
    }
  }

  #isFree(exclusive: boolean): boolean {
    return !this.#alone && (!exclusive || this.#sharing === 0);
  }

  #take(exclusive: boolean): void {
    if (exclusive) this.#alone = true;
    else this.#sharing += 1;
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#queue;
      if (next === undefined || !this.#isFree(next.exclusive)) return;
      this.#queue.shift();
      this.#take(next.exclusive);
      next.enter();
    }
  }
}
