import { expect } from "chai";
import { Random } from "../../support/random.ts";
import { drivers, onXfs } from "../support/driver.ts";
import { leftBehind } from "../support/nothing-left.ts";
import { possibleStates } from "./explain.ts";
import { type Asked, SIZE, type State } from "./model.ts";
import { Slot } from "./slot.ts";

const SLOTS = 16;
/** Calls of one slot at the same time. */
const SALVO = 4;
const SALVOS = Number(process.env["CSI_SALVOS"] ?? 20);
const SEED = Number(process.env["CSI_SEED"] ?? Date.now() % 1_000_000);

describe("64 calls in flight on 16 volumes", function () {
  this.timeout(120_000 + SALVOS * 20_000);
  const driver = drivers(onXfs(128));

  it(`are each answered as a model of the volume allows, in ${SALVOS} salvos, seed ${SEED}`, async () => {
    const slots = Array.from(
      { length: SLOTS },
      (_, index) => new Slot(driver(), `slot-${index}`, new Random(SEED * SLOTS + index)),
    );
    await Promise.all(
      slots.map(async (slot) => {
        for (let salvo = 0; salvo < SALVOS; salvo++) await slot.salvo(SALVO);
      }),
    );
    console.log(`      ${summary(slots)}`);
    await Promise.all(slots.map(end));
    expect(await leftBehind(driver())).to.deep.equal([]);
  });
});

/** Shows a slot's volume and its copy once more, and removes all of it. */
async function end(slot: Slot): Promise<void> {
  if (slot.state.volume !== undefined) {
    for (const call of ["attach", "stage", "show", "hide", "unstage", "detach", "delete"] as const)
      await slot.must(call);
  }
  await slot.endCopy();
  await slot.must("deleteSnapshot");
}

function summary(slots: readonly Slot[]): string {
  const counts = new Map<string, number>();
  for (const slot of slots)
    for (const [key, count] of slot.counts) counts.set(key, (counts.get(key) ?? 0) + count);
  return [...counts]
    .map(([key, count]) => `${key} ${count}`)
    .sort()
    .join(", ");
}

describe("the model of a volume", () => {
  const volume = { id: "v", size: SIZE, attached: false, staged: false, shown: false, marker: undefined };
  const start: State = { volume, snapshot: undefined, copy: undefined };
  const asked = (call: Asked["call"]): Asked => ({
    call,
    volumeId: "v",
    snapshotId: "s",
    copyId: "c",
    size: SIZE,
  });

  it("explains calls by some order of them", () => {
    const states = possibleStates(start, [
      { asked: asked("stage"), told: { code: "UNAVAILABLE" } },
      { asked: asked("attach"), told: { code: "OK" } },
      { asked: asked("delete"), told: { code: "FAILED_PRECONDITION" } },
    ]);
    expect(states).to.deep.equal([{ ...start, volume: { ...volume, attached: true } }]);
  });

  it("refuses answers that no order explains", () => {
    const ok = { code: "OK" } as const;
    expect(possibleStates(start, [{ asked: asked("stage"), told: ok }])).to.deep.equal([]);
    expect(
      possibleStates(start, [
        { asked: asked("attach"), told: ok },
        { asked: asked("detach"), told: { code: "FAILED_PRECONDITION" } },
      ]),
    ).to.deep.equal([]);
    const twice = ["a", "b"].map((id) => ({ asked: asked("create"), told: { ...ok, id, size: SIZE } }));
    expect(possibleStates({ ...start, volume: undefined }, twice)).to.deep.equal([]);
  });
});
