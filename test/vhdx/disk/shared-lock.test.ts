import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { SharedLock } from "../../../src/vhdx/disk/shared-lock.ts";

describe("vhdx shared lock", () => {
  it("never lets anybody in beside one who has it alone", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ alone: fc.boolean(), steps: fc.nat(3) }), { maxLength: 20 }),
        async (jobs) => {
          const lock = new SharedLock();
          let inside = 0;
          let aloneInside = false;
          const started: number[] = [];
          const work = async (job: number, alone: boolean, steps: number) => {
            started.push(job);
            expect(aloneInside, "somebody is alone in there").to.equal(false);
            if (alone) expect(inside).to.equal(0);
            inside += 1;
            aloneInside = alone;
            for (let step = 0; step < steps; step++) await setImmediate();
            inside -= 1;
            aloneInside = false;
          };
          await Promise.all(
            jobs.map(({ alone, steps }, job) =>
              alone
                ? lock.exclusive(() => work(job, true, steps))
                : lock.shared(() => work(job, false, steps)),
            ),
          );
          expect(started, "first come, first served").to.deep.equal(jobs.map((_, job) => job));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("is shared by readers", async () => {
    const lock = new SharedLock();
    let release: () => void = () => undefined;
    const first = lock.shared(() => new Promise<void>((resolve) => (release = resolve)));
    await lock.shared(() => Promise.resolve());
    release();
    await first;
  });

  it("is free again after work that failed", async () => {
    const lock = new SharedLock();
    const failed = await lock.exclusive(() => Promise.reject(new Error("no"))).catch(() => "failed");
    expect(failed).to.equal("failed");
    expect(await lock.exclusive(() => Promise.resolve("next"))).to.equal("next");
  });
});
