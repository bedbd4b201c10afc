import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { mayGrowMountedExt4 } from "../../../src/node/linux/growth.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

describe("the right to grow a mounted ext4", () => {
  const path = scratchDirectory();
  const statusWith = async (text: string) => {
    await writeFile(
      path("status"),
      `Name:\tnode\nCapInh:\t0000000000000000\n${text}CapBnd:\t000001ffffffffff\n`,
    );
    return await mayGrowMountedExt4(path("status"));
  };

  it("is the capability CAP_SYS_RESOURCE, in the effective set", async () => {
    expect(await statusWith("CapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\n")).to.equal(true);
    expect(await statusWith("CapPrm:\t000001ffffffffff\nCapEff:\t0000000001000000\n")).to.equal(true);
    expect(await statusWith("CapPrm:\t000001ffffffffff\nCapEff:\t000001fffeffffff\n")).to.equal(false);
    expect(await statusWith("CapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\n")).to.equal(false);
  });

  it("is denied where the kernel says nothing of capabilities", async () => {
    expect(await statusWith("")).to.equal(false);
  });
});
