import { expect } from "chai";
import fc from "fast-check";
import {
  decide,
  type FenceLook,
  type OffProof,
} from "../../../../src/controller/kubernetes/fencing/off-proof.ts";

const TIMES = { unbroken: 180_000, longestGap: 45_000 };

/** A look that begins so long after the one before ended. */
interface Step extends Pick<FenceLook, "ready" | "vm" | "fenced"> {
  readonly pause: number;
  readonly takes: number;
}

const off = { ready: false, vm: "off", fenced: false } as const;

/** What is done at each look. */
function actions(steps: readonly Step[]) {
  let proof: OffProof | undefined;
  let now = 0;
  return steps.map(({ pause, takes, ...seen }) => {
    const asked = now + pause;
    now = asked + takes;
    const look: FenceLook = { asked, answered: now, ...seen };
    const decision = decide(proof, look, TIMES);
    proof = decision.proof;
    return { look, action: decision.action };
  });
}

const step = (seen: Partial<Step> = {}): Step => ({ ...off, pause: 10_000, takes: 0, ...seen });
const times = (count: number, seen: Partial<Step> = {}) => Array.from({ length: count }, () => step(seen));
const last = (steps: readonly Step[]) => actions(steps).at(-1)?.action;

describe("the proof that a node's VM is off", () => {
  it("fences after an unbroken time, and not before", () => {
    expect(last(times(18))).to.equal("none");
    expect(last(times(19))).to.equal("fence");
    expect(last([step({ pause: 500_000 })])).to.equal("none");
  });

  for (const [what, seen] of [
    ["an agent that is silent", { vm: "unknown" }],
    ["a VM that runs", { vm: "running" }],
    ["a VM that is saved, paused or on its way", { vm: "other" }],
    ["a node that is ready", { ready: true }],
    ["a node that says nothing", { ready: undefined }],
    ["a time without a look", { pause: TIMES.longestGap + 1 }],
  ] as const) {
    it(`begins anew after ${what}`, () => {
      expect(last([...times(18), step(seen), step()])).to.equal("none");
      expect(last([...times(18), step(seen), ...times(20)])).to.equal("fence");
    });
  }

  it("does not count the time that looks themselves take", () => {
    expect(last([step({ takes: 170_000 }), step({ takes: 170_000 })])).to.equal("none");
  });

  it("takes a fence away only when the VM runs and the node is ready", () => {
    const fenced = { fenced: true };
    expect(last([step({ ...fenced, ready: true, vm: "running" })])).to.equal("unfence");
    for (const seen of [
      { ready: true, vm: "off" },
      { ready: false, vm: "running" },
      { ready: true, vm: "unknown" },
    ] as const)
      expect(last([step({ ...fenced, ...seen })])).to.equal("none");
    expect(last(times(50, fenced))).to.equal("none");
  });

  it("never fences without a row of looks, each not ready and off, over the whole time, whatever the looks", () => {
    const steps = fc.array(
      fc.record({
        pause: fc.oneof(
          { weight: 9, arbitrary: fc.integer({ min: 0, max: TIMES.longestGap }) },
          fc.nat(300_000),
        ),
        takes: fc.nat(20_000),
        ready: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, fc.constantFrom(true, undefined)),
        vm: fc.oneof(
          { weight: 12, arbitrary: fc.constant("off" as const) },
          fc.constantFrom("running" as const, "other" as const, "unknown" as const),
        ),
        fenced: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true)),
      }),
      { maxLength: 40, size: "max" },
    );
    let fences = 0;
    fc.assert(
      fc.property(steps, (sequence) => {
        const done = actions(sequence);
        for (const [index, { action, look }] of done.entries()) {
          if (action === "unfence") expect(look).to.include({ fenced: true, ready: true, vm: "running" });
          // Reads the row backwards from here, by the rule alone.
          let first = look;
          for (const { look: each } of done.slice(0, index + 1).toReversed()) {
            const isOff = each.ready === false && each.vm === "off" && !each.fenced;
            if (!isOff || (each !== look && first.asked - each.answered > TIMES.longestGap)) break;
            first = each;
          }
          const isOff = look.ready === false && look.vm === "off" && !look.fenced;
          const isDue = isOff && first !== look && look.asked - first.answered >= TIMES.unbroken;
          expect(action === "fence").to.equal(isDue);
          if (isDue) fences++;
        }
      }),
      { numRuns: 500 },
    );
    expect(fences, "looks that fence").to.be.greaterThan(0);
  });
});
