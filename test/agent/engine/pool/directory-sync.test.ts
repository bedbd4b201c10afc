import { expect } from "chai";
import fc from "fast-check";
import { DirectorySync } from "../../../../src/agent/engine/pool/directory-sync.ts";
import { rejection } from "../../../support/failure.ts";

/** A directory whose fsyncs end when the test says so. */
class SlowDirectory {
  /** For each fsync: which changes had been made when it started. */
  readonly started: number[] = [];
  changes = 0;
  readonly #running: { end: () => void; fail: (error: Error) => void }[] = [];

  readonly handle = {
    sync: () => {
      this.started.push(this.changes);
      return new Promise<void>((resolve, reject) => {
        this.#running.push({ end: resolve, fail: reject });
      });
    },
  };

  get running(): number {
    return this.#running.length;
  }

  end(error?: Error): void {
    const sync = this.#running.shift();
    if (error === undefined) sync?.end();
    else sync?.fail(error);
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("directory sync", () => {
  it("covers every flush with an fsync that started after it and has ended", async () => {
    const steps = fc.array(fc.constantFrom("flush", "end", "wait"), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const directory = new SlowDirectory();
        const sync = new DirectorySync(directory.handle);
        const flushes: { change: number; done: boolean }[] = [];
        let ended = 0;
        const check = async () => {
          await settled();
          const durable = Math.max(0, ...directory.started.slice(0, ended));
          for (const flush of flushes) expect(!flush.done || flush.change <= durable).to.equal(true);
        };
        for (const step of [...sequence, "end", "wait", "end", "wait", "end", "wait"]) {
          if (step === "flush") {
            const flush = { change: ++directory.changes, done: false };
            flushes.push(flush);
            void sync.flush().then(() => (flush.done = true));
          } else if (step === "end" && directory.running > 0) {
            directory.end();
            ended++;
          } else {
            await check();
          }
        }
        expect(flushes.every(({ done }) => done)).to.equal(true);
      }),
      { numRuns: 300 },
    );
  });

  it("lets all that come while one fsync runs share the next", async () => {
    const directory = new SlowDirectory();
    const sync = new DirectorySync(directory.handle);
    const first = sync.flush();
    const others = Array.from({ length: 100 }, () => sync.flush());
    directory.end();
    await first;
    await settled();
    expect(directory.started).to.have.length(2);
    directory.end();
    await Promise.all(others);
    expect(directory.started).to.have.length(2);
  });

  it("tells every caller that its fsync failed, and starts anew for the next", async () => {
    const directory = new SlowDirectory();
    const sync = new DirectorySync(directory.handle);
    const first = rejection(sync.flush());
    const shared = [rejection(sync.flush()), rejection(sync.flush())];
    directory.end(new Error("first"));
    expect(await first).to.have.property("message", "first");
    await settled();
    directory.end(new Error("second"));
    for (const error of await Promise.all(shared)) expect(error).to.have.property("message", "second");
    const next = sync.flush();
    directory.end();
    await next;
  });

  it("lets a flush succeed that came while a failing fsync ran", async () => {
    const directory = new SlowDirectory();
    const sync = new DirectorySync(directory.handle);
    const first = rejection(sync.flush());
    const second = sync.flush();
    directory.end(new Error("broken"));
    await first;
    await settled();
    directory.end();
    await second;
  });
});
