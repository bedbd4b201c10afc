import { expect } from "chai";
import { refusedRights } from "../help/refused-rights.ts";
import { theRig } from "../rig.ts";

describe("the rights that the chart gives", () => {
  it("are enough for all that the driver's pods asked for", async () => {
    expect(await refusedRights(theRig().controlPlane.auditLog)).to.deep.equal([]);
  });
});
