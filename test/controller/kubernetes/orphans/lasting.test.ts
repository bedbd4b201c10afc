import { expect } from "chai";
import fc from "fast-check";
import { Lasting } from "../../../../src/controller/kubernetes/orphans/lasting.ts";
import type { Orphan } from "../../../../src/controller/kubernetes/orphans/orphan.ts";

const GRACE = 300_000;

function orphan(name: string, handle = `local/${name}`): Orphan {
  return { kind: "volume-without-pv", group: "local", name, handle };
}

describe("orphans that last", () => {
  it("are told from the second look on, when the grace is over", () => {
    const lasting = new Lasting(GRACE);
    expect(lasting.take([orphan("a")], 0)).to.deep.equal([]);
    expect(lasting.take([orphan("a")], GRACE - 1)).to.deep.equal([]);
    expect(lasting.take([orphan("a"), orphan("b")], GRACE)).to.deep.equal([orphan("a")]);
    expect(lasting.take([orphan("a"), orphan("b")], 2 * GRACE)).to.deep.equal([orphan("a"), orphan("b")]);
  });

  it("begin anew when a look did not see them, or sees another of that name", () => {
    const lasting = new Lasting(GRACE);
    lasting.take([orphan("a"), orphan("b")], 0);
    lasting.take([], 10);
    expect(lasting.take([orphan("a"), orphan("b", "local/other")], GRACE)).to.deep.equal([]);
    expect(lasting.take([orphan("b", "local/another")], 3 * GRACE)).to.deep.equal([]);
  });

  it("take two looks even without a grace", () => {
    const lasting = new Lasting(0);
    expect(lasting.take([orphan("a")], 7)).to.deep.equal([]);
    expect(lasting.take([orphan("a")], 7)).to.deep.equal([orphan("a")]);
  });

  it("are those that every look of the grace has seen, whatever the looks", () => {
    const names = fc.subarray(["a", "b", "c"]);
    const steps = fc.array(fc.record({ seen: names, after: fc.integer({ min: 0, max: 2 * GRACE }) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(steps, (looks) => {
        const lasting = new Lasting(GRACE);
        const history: { now: number; seen: readonly string[] }[] = [];
        let now = 0;
        for (const { seen, after } of looks) {
          now += after;
          const told = lasting.take(
            seen.map((name) => orphan(name)),
            now,
          );
          history.push({ now, seen });
          for (const name of ["a", "b", "c"]) {
            const last = history.findLastIndex((look) => !look.seen.includes(name));
            const first = history[last + 1];
            const isDue = first !== undefined && history.length - last > 2 && now - first.now >= GRACE;
            expect(told.some((one) => one.name === name)).to.equal(isDue);
          }
        }
      }),
    );
  });
});
