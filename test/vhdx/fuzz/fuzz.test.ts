import { randomInt } from "node:crypto";
import { expect } from "chai";
import { formatTally, runCampaign } from "./campaign.ts";

const CASES = 50_000;
const TIME_BOX_MS = 2_400_000;

describe("vhdx fuzz", function () {
  this.timeout(TIME_BOX_MS + 30_000);

  it(`opens or refuses ${CASES} damaged files, and harms none`, async () => {
    const end = performance.now() + TIME_BOX_MS;
    const seed = randomInt(2 ** 31);
    const tally = await runCampaign(CASES, seed, () => performance.now() < end);
    console.log(`      from seed ${seed}: ${formatTally(tally)}`);
    expect(tally.cases, "cases within the time box").to.equal(CASES);
    expect(tally.opened, "damage that does not show").to.be.above(CASES / 20);
    const structures = ["header", "region table", "metadata table", "metadata", "block table", "log"];
    for (const structure of [...structures, "parent locator", "file identifier"]) {
      expect(tally.refused.get(structure), structure).to.be.above(10);
    }
  });
});
