import { expect } from "chai";
import { execa } from "execa";
import { join } from "node:path";

const program = join(import.meta.dirname, "many-requests.ts");

describe("signals of requests to the API server and to agents", () => {
  it("are let go when the request has ended, however many were made", async () => {
    const { stdout } = await execa(process.execPath, [
      ...["--disable-warning=ExperimentalWarning", "--expose-gc"],
      program,
    ]);
    const kept = JSON.parse(stdout) as Record<string, number>;
    expect(Object.keys(kept)).to.have.members(["renewals", "lists", "looks at agents", "looks at VMs"]);
    // Of 300 requests each.
    for (const [what, signals] of Object.entries(kept)) expect(signals, what).to.be.lessThan(30);
  });
});
