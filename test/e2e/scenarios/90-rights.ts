import { expect } from "chai";
import { grantedRights } from "../rights/granted.ts";
import { keptRights } from "../rights/kept.ts";
import { askedRights } from "../rights/used.ts";
import { theRig } from "../rig.ts";

/** The parts share one account: what one may do, all may. */
const withoutPart = (right: string) => right.slice(right.indexOf(" ") + 1);

describe("the rights that the chart gives", () => {
  it("are enough for all that the driver's pods asked for", async () => {
    const { refused } = await askedRights(theRig().controlPlane.auditLog);
    const granted = (await grantedRights()).map(withoutPart);
    // An API server that was killed refuses everything for a moment, until it has read the roles again.
    expect([...refused].filter((right) => !granted.includes(withoutPart(right)))).to.deep.equal([]);
  });

  it("are all used by these scenarios, or stay for a reason", async () => {
    const { used } = await askedRights(theRig().controlPlane.auditLog);
    const [granted, kept] = [await grantedRights(), await keptRights()];
    expect(granted).to.not.be.empty;
    expect(granted.filter((right) => !used.has(right) && !kept.includes(right))).to.deep.equal([]);
    expect(kept.filter((right) => !granted.includes(right))).to.deep.equal([]);
  });
});
