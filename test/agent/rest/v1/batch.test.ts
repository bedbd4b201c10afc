import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { runBatch } from "../../../../src/agent/rest/v1/batch.ts";
import { StatusError } from "../../../../src/kit/errors.ts";
import { context } from "../../../support/local-rig.ts";

describe("volumes API v1: a batch", () => {
  interface Item {
    readonly key: string;
    readonly turns: number;
    readonly fails: boolean;
  }
  const item: fc.Arbitrary<Item> = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    turns: fc.integer({ min: 0, max: 5 }),
    fails: fc.boolean(),
  });

  it("answers in the order of its items, works on those of one key in their order, and on few at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 40 }), async (items) => {
        const begun = new Map<string, number[]>();
        const inside = new Set<string>();
        let most = 0;
        const ended = await runBatch(
          [...items.entries()],
          ([, { key }]) => key,
          async ([index, { key, turns, fails }]) => {
            expect(inside.has(key), "two of one key at once").to.equal(false);
            inside.add(key);
            most = Math.max(most, inside.size);
            begun.set(key, [...(begun.get(key) ?? []), index]);
            for (let each = 0; each < turns; each++) await turn();
            inside.delete(key);
            if (fails) throw new Error(`item ${index}`);
            return index;
          },
          context(),
        );
        expect(
          ended.map((end) => (end.status === "fulfilled" ? end.value : (end.reason as Error).message)),
        ).to.deep.equal(items.map(({ fails }, index) => (fails ? `item ${index}` : index)));
        for (const order of begun.values()) expect(order).to.deep.equal(order.toSorted((a, b) => a - b));
        expect(most).to.be.at.most(8);
      }),
      { numRuns: 100 },
    );
  });

  it("works on eight at once, not on more", async () => {
    let inside = 0;
    let most = 0;
    await runBatch(
      Array.from({ length: 100 }, (_, index) => index),
      String,
      async () => {
        most = Math.max(most, ++inside);
        await turn();
        inside--;
      },
      context(),
    );
    expect(most).to.equal(8);
  });

  it("goes on when its caller's wait is over, and tells the caller so", async () => {
    const done: number[] = [];
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const hangsUp = new AbortController();
    const batch = runBatch(
      [1, 2, 3],
      () => "one key",
      async (each, own) => {
        await held;
        expect(own.signal.aborted).to.equal(false);
        done.push(each);
      },
      { ...context(), signal: hangsUp.signal },
    );
    hangsUp.abort();
    const ended = await batch;
    expect(ended.map((end) => end.status === "rejected" && StatusError.from(end.reason).code)).to.deep.equal(
      Array(3).fill("ABORTED"),
    );
    expect(done).to.deep.equal([]);
    release(undefined);
    await turn();
    await turn();
    expect(done).to.deep.equal([1, 2, 3]);
  });
});
