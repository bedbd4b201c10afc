import { expect } from "chai";
import fc from "fast-check";
import { KeyedLocks } from "../../src/kit/locks.ts";
import { expectFailure, rejection } from "../support/failure.ts";

const never = new AbortController().signal;

/** Work that runs until the test ends it. */
function held() {
  const started = Promise.withResolvers<undefined>();
  const end = Promise.withResolvers<undefined>();
  const work = async () => {
    started.resolve(undefined);
    await end.promise;
  };
  return {
    work,
    started: started.promise,
    end: () => {
      end.resolve(undefined);
    },
  };
}

describe("kit locks", () => {
  it("run one piece of work per key at a time, and other keys beside it", async () => {
    const locks = new KeyedLocks();
    const [first, other] = [held(), held()];
    const running = locks.run(["a"], "first", never, first.work);
    let second = false;
    const waiting = locks.run(["a"], "second", never, () => {
      second = true;
      return Promise.resolve();
    });
    const beside = locks.run(["b"], "other", never, other.work);
    await Promise.all([first.started, other.started]);
    expect(second).to.equal(false);
    first.end();
    await running;
    await waiting;
    expect(second).to.equal(true);
    other.end();
    await beside;
  });

  it("give what the work gives, and its failure, and are free again", async () => {
    const locks = new KeyedLocks();
    expect(await locks.run(["a"], "x", never, () => Promise.resolve(7))).to.equal(7);
    const failure = new Error("broken");
    expect(await rejection(locks.run(["a", "b"], "x", never, () => Promise.reject(failure)))).to.equal(
      failure,
    );
    expect(await rejection(locks.runNow("a", "x", () => Promise.reject(failure)))).to.equal(failure);
    expect(await locks.run(["b", "a", "b"], "x", never, () => Promise.resolve(8))).to.equal(8);
  });

  it("are first come, first served", async () => {
    const locks = new KeyedLocks();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        locks.run(["a"], `work ${index}`, never, async () => {
          await Promise.resolve();
          order.push(index);
        }),
      ),
    );
    expect(order).to.deep.equal(Array.from({ length: 20 }, (_, index) => index));
  });

  it("exclude each other and never deadlock, whatever keys are taken in whatever order", async () => {
    const task = fc.record({
      keys: fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 4 }),
      yields: fc.integer({ min: 0, max: 3 }),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(task, { maxLength: 8 }), async (scheduler, tasks) => {
        const locks = new KeyedLocks();
        const inside = new Set<string>();
        const runs = tasks.map(({ keys, yields, fails }, index) =>
          locks.run(keys, `task ${index}`, never, async () => {
            for (const key of new Set(keys)) {
              expect(inside.has(key), key).to.equal(false);
              inside.add(key);
            }
            for (let time = 0; time < yields; time++)
              await scheduler.schedule(Promise.resolve(), `task ${index}`);
            for (const key of keys) inside.delete(key);
            if (fails) throw new Error(`task ${index}`);
          }),
        );
        const results = await scheduler.waitFor(Promise.allSettled(runs));
        for (const [index, { status }] of results.entries()) {
          expect(status).to.equal(tasks[index]!.fails ? "rejected" : "fulfilled");
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("kit locks' waiters", () => {
  it("give up at their signal, naming who has the lock", async () => {
    const locks = new KeyedLocks();
    const holder = held();
    const running = locks.run(["disk"], "copy of disk", never, holder.work);
    const caller = new AbortController();
    const waiting = locks.run(["disk"], "delete", caller.signal, () => Promise.reject(new Error("ran")));
    caller.abort();
    await expectFailure(waiting, "ABORTED", /copy of disk is running on disk/);
    const late = locks.run(["disk"], "delete", AbortSignal.abort(), () => Promise.reject(new Error("ran")));
    await expectFailure(late, "ABORTED", /copy of disk/);
    holder.end();
    await running;
  });

  it("name who has the lock by now", async () => {
    const locks = new KeyedLocks();
    const [first, second] = [held(), held()];
    const caller = new AbortController();
    const runs = [
      locks.run(["a"], "first", never, first.work),
      locks.run(["a"], "second", never, second.work),
    ];
    const third = locks.run(["a"], "third", caller.signal, () => Promise.resolve());
    first.end();
    await second.started;
    caller.abort();
    await expectFailure(third, "ABORTED", /second is running on a/);
    second.end();
    await Promise.all(runs);
  });

  it("leave the others in the queue, and give back what they had", async () => {
    const locks = new KeyedLocks();
    const holder = held();
    const running = locks.run(["b"], "holder", never, holder.work);
    const caller = new AbortController();
    const order: string[] = [];
    const queue = (name: string) =>
      locks.run(["b"], name, never, () => {
        order.push(name);
        return Promise.resolve();
      });
    const before = queue("before");
    // It has a and waits for b.
    const leaving = locks.run(["b", "a"], "leaving", caller.signal, () => Promise.resolve());
    await new Promise((resolve) => setImmediate(resolve));
    const behind = queue("behind");
    await expectFailure(
      locks.runNow("a", "probe", () => Promise.resolve()),
      "ABORTED",
      /leaving/,
    );
    caller.abort();
    await expectFailure(leaving, "ABORTED");
    expect(await locks.runNow("a", "probe", () => Promise.resolve("free"))).to.equal("free");
    holder.end();
    await Promise.all([running, before, behind]);
    expect(order).to.deep.equal(["before", "behind"]);
  });

  it("are not let in while the work runs, though its caller is gone", async () => {
    const locks = new KeyedLocks();
    const holder = held();
    const caller = new AbortController();
    const running = locks.run(["a"], "long work", caller.signal, holder.work);
    await holder.started;
    caller.abort();
    await expectFailure(
      locks.runNow("a", "next", () => Promise.resolve()),
      "ABORTED",
      /long work/,
    );
    holder.end();
    await running;
    expect(await locks.runNow("a", "next", () => Promise.resolve("ran"))).to.equal("ran");
  });
});

describe("kit locks' runNow", () => {
  it("answers ABORTED at once while something runs", async () => {
    const locks = new KeyedLocks();
    const holder = held();
    const running = locks.runNow("path", "NodeStageVolume", holder.work);
    await expectFailure(
      locks.runNow("path", "again", () => Promise.resolve()),
      "ABORTED",
      /NodeStageVolume is running on path/,
    );
    const waiting = locks.run(["path"], "patient", never, () => Promise.resolve("in turn"));
    holder.end();
    await running;
    expect(await waiting).to.equal("in turn");
  });

  describe("that are shared", () => {
    const shared = (key: string) => ({ exclusive: [], shared: [key] });

    it("let readers in together and a writer alone, in the order in which they came", async () => {
      const locks = new KeyedLocks();
      const [one, two, writer, late] = [held(), held(), held(), held()];
      const order: string[] = [];
      const run = (
        keys: readonly string[] | ReturnType<typeof shared>,
        name: string,
        work: () => Promise<void>,
      ) =>
        locks.run(keys, name, never, async () => {
          order.push(name);
          await work();
        });
      const all = [
        run(shared("a"), "one", one.work),
        run(shared("a"), "two", two.work),
        run(["a"], "writer", writer.work),
        run(shared("a"), "late", late.work),
      ];
      await Promise.all([one.started, two.started]);
      one.end();
      await all[0];
      expect(order).to.deep.equal(["one", "two"]);
      two.end();
      await writer.started;
      expect(order).to.deep.equal(["one", "two", "writer"]);
      writer.end();
      await late.started;
      late.end();
      await Promise.all(all);
    });

    it("let the readers behind a writer in when that gives up", async () => {
      const locks = new KeyedLocks();
      const [one, two] = [held(), held()];
      const first = locks.run(shared("a"), "one", never, one.work);
      const stop = new AbortController();
      const writer = rejection(locks.run(["a"], "writer", stop.signal, () => Promise.resolve()));
      const second = locks.run(shared("a"), "two", never, two.work);
      stop.abort();
      await expectFailure(
        locks.run(["a"], "x", AbortSignal.abort(), () => Promise.resolve()),
        "ABORTED",
        /one/,
      );
      expect(await writer).to.be.instanceOf(Error);
      await two.started;
      two.end();
      one.end();
      await Promise.all([first, second]);
    });

    it("tell those who give up how far the work is", async () => {
      const locks = new KeyedLocks();
      const copy = held();
      const work = { what: "clone", progress: 0.437 };
      const running = locks.run(shared("a"), work, never, copy.work);
      await expectFailure(
        locks.run(["a"], "delete", AbortSignal.abort(), () => Promise.resolve()),
        "ABORTED",
        /clone \(43 %\) is running on a/,
      );
      copy.end();
      await running;
    });
  });
});
