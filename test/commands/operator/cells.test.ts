import { expect } from "chai";
import fc from "fast-check";
import { byName } from "../../../src/commands/operator/by-name.ts";
import { ageText, pairsText } from "../../../src/commands/operator/cells.ts";

describe("operator's commands, cells", () => {
  it("show ages as kubectl does: in the largest unit that has two", () => {
    const now = Date.parse("2026-05-04T03:02:01.000Z");
    const age = (seconds: number) => ageText(new Date(now - seconds * 1000).toISOString(), now);
    const ages = [0, 1, 119, 120, 7199, 7200, 172_799, 172_800, 400 * 86_400].map(age);
    expect(ages).to.deep.equal(["0s", "1s", "119s", "2m", "119m", "2h", "47h", "2d", "400d"]);
    expect(age(-60)).to.equal("0s");
  });

  it("show pairs, or a dash", () => {
    expect(pairsText({})).to.equal("-");
    expect(pairsText({ a: "1", b: "" })).to.equal("a=1,b=");
  });

  it("are ordered by name, whatever order they come in", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: fc.string() })), (items) => {
        const names = byName(items).map(({ name }) => name);
        expect(names).to.deep.equal(items.map(({ name }) => name).sort());
      }),
    );
  });
});
