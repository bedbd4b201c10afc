import { getEventListeners, once } from "node:events";
import { expect } from "chai";
import fc from "fast-check";
import { shrinkBudget, waitFor } from "../../src/kit/deadline.ts";
import { startBudget } from "../../src/kit/budget.ts";
import { expectFailure, rejection } from "../support/failure.ts";

describe("kit shrinkBudget", () => {
  it("takes a little off, at most half a second, and leaves something", () => {
    fc.assert(
      fc.property(fc.double({ min: 2, max: 1e9, noNaN: true }), (ms) => {
        const left = shrinkBudget(ms);
        expect(Number.isInteger(left)).to.equal(true);
        expect(left).to.be.within(1, ms);
        expect(ms - left).to.be.below(501);
        expect(left).to.be.at.least(Math.floor(ms * 0.9));
      }),
    );
  });

  it("leaves a millisecond of none", () => {
    for (const ms of [1, 0.1, 0, -1, -1e9]) expect(shrinkBudget(ms)).to.equal(1);
  });

  it("shrinks with every hop", () => {
    let ms = 10_000;
    for (let hop = 0; hop < 5; hop++) {
      const next = shrinkBudget(ms);
      expect(next).to.be.below(ms);
      ms = next;
    }
  });
});

describe("kit waitFor", () => {
  const never = new AbortController().signal;

  it("gives what the work gives, and its failure", async () => {
    expect(await waitFor(Promise.resolve(7), "work", never)).to.equal(7);
    const failure = new Error("broken");
    expect(await rejection(waitFor(Promise.reject(failure), "work", never))).to.equal(failure);
  });

  it("gives a result that is there although the time is over", async () => {
    expect(await waitFor(Promise.resolve(7), "work", AbortSignal.abort())).to.equal(7);
  });

  it("ends at the signal with what runs, and the work goes on", async () => {
    const work = Promise.withResolvers<number>();
    const caller = new AbortController();
    const wait = waitFor(work.promise, "create x", caller.signal);
    caller.abort();
    await expectFailure(wait, "ABORTED", /create x is still running/);
    await expectFailure(waitFor(work.promise, "create x", AbortSignal.abort()), "ABORTED");
    const joined = waitFor(work.promise, "create x", never);
    work.resolve(7);
    expect(await joined).to.equal(7);
  });

  it("does not let a failure that nobody waits for end the process", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    const before = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
    try {
      const work = Promise.withResolvers<number>();
      await expectFailure(waitFor(work.promise, "work", AbortSignal.abort()), "ABORTED");
      work.reject(new Error("later"));
      // Unhandled rejections are told when the microtasks are done.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).to.deep.equal([]);
    } finally {
      process.removeListener("unhandledRejection", note);
      for (const listener of before) process.on("unhandledRejection", listener);
    }
  });

  it("leaves no listener on the signal", async () => {
    const { signal } = new AbortController();
    await waitFor(Promise.resolve(1), "work", signal);
    await rejection(waitFor(Promise.reject(new Error("x")), "work", signal));
    expect(getEventListeners(signal, "abort")).to.deep.equal([]);
  });
});

describe("kit budget", () => {
  it("ends its signal when the time is over", async () => {
    const { signal } = startBudget(5);
    // The timer alone does not keep a process alive.
    const alive = setInterval(() => undefined, 1000);
    if (!signal.aborted) await once(signal, "abort");
    clearInterval(alive);
    expect(signal.reason).to.include({ code: "DEADLINE_EXCEEDED" });
  });

  it("ends its signal when the caller goes", () => {
    const budget = startBudget(60_000);
    expect(budget.signal.aborted).to.equal(false);
    budget.cancel();
    expect(budget.signal.aborted).to.equal(true);
    expect(budget.signal.reason).to.include({ code: "CANCELLED" });
    budget.done();
  });

  it("does not end its signal after the work is done", async () => {
    const budget = startBudget(1);
    budget.done();
    budget.cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(budget.signal.aborted).to.equal(false);
  });
});
