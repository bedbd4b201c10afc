import { expect } from "chai";
import { grantedRights } from "../rights/granted.ts";
import { keptRights } from "../rights/kept.ts";
import { askedRights } from "../rights/used.ts";
import { theRig } from "../rig.ts";

describe("the rights that the chart gives", () => {
  it("are enough for all that the driver's pods asked for", async () => {
    const { refused } = await askedRights(theRig().controlPlane.auditLog);
    expect([...refused]).to.deep.equal([]);
  });

  it("are all used by these scenarios, or stay for a reason", async () => {
    const { used } = await askedRights(theRig().controlPlane.auditLog);
    const [granted, kept] = [await grantedRights(), await keptRights()];
    expect(granted).to.not.be.empty;
    expect(granted.filter((right) => !used.has(right) && !kept.includes(right))).to.deep.equal([]);
    expect(kept.filter((right) => !granted.includes(right))).to.deep.equal([]);
  });
});
