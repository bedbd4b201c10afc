import { expect } from "chai";
import fc from "fast-check";
import { Claims } from "../../../../src/agent/engine/pool/claims.ts";

describe("engine claims", () => {
  it("are what disks have not allocated yet", () => {
    const claims = new Claims();
    claims.set({ id: "a", pool: "p", lineage: "a", size: 100n }, 30n, true);
    claims.set({ id: "b", pool: "p", lineage: "b", size: 100n }, 130n, true);
    claims.set({ id: "c", pool: "q", lineage: "c", size: 5n }, 0n, true);
    expect([claims.promised("p"), claims.promised("q"), claims.promised("r")]).to.deep.equal([70n, 5n, 0n]);
  });

  it("are all of a volume while a copy shares its blocks, and nothing of a snapshot", () => {
    const claims = new Claims();
    claims.set({ id: "a", pool: "p", lineage: "a", size: 100n }, 60n, true);
    claims.set({ id: "s", pool: "p", lineage: "a", size: 100n }, 60n, false);
    expect(claims.promised("p")).to.equal(100n);
    claims.delete("s");
    expect(claims.promised("p")).to.equal(40n);
  });

  it("add up to what a count from the start gives, whatever comes and goes", () => {
    const step = fc.record({
      id: fc.constantFrom("a", "b", "c", "d", "e"),
      pool: fc.constantFrom("p", "q"),
      lineage: fc.constantFrom("x", "y"),
      size: fc.bigInt(0n, 1000n),
      allocated: fc.bigInt(0n, 1000n),
      growing: fc.boolean(),
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const claims = new Claims();
        const model = new Map<string, (typeof steps)[number]>();
        for (const each of steps) {
          if (each.remove) {
            claims.delete(each.id);
            model.delete(each.id);
          } else {
            claims.set(each, each.allocated, each.growing);
            model.set(each.id, each);
          }
        }
        for (const pool of ["p", "q"]) {
          const inPool = [...model.values()].filter((each) => each.pool === pool);
          let sum = 0n;
          for (const { lineage, size, allocated, growing } of inPool) {
            const shares = inPool.filter((other) => other.lineage === lineage).length > 1;
            if (growing) sum += shares ? size : size > allocated ? size - allocated : 0n;
          }
          expect(claims.promised(pool)).to.equal(sum);
        }
      }),
    );
  });
});
