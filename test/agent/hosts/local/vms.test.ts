import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { thisMachineId } from "../../../../src/agent/hosts/local/vms.ts";
import { parseNodeId } from "../../../../src/csi/handle.ts";
import { refused } from "../../../support/refused.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";

describe("this machine's id as a VM", () => {
  const path = scratchDirectory();
  const idFor = async (machineId: string) => {
    await writeFile(path("machine-id"), machineId);
    return await thisMachineId(path("machine-id"));
  };

  it("stays the same for one machine, differs between two, and is a v4 GUID", async () => {
    const one = await idFor("0123456789abcdef0123456789abcdef\n");
    expect(one).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseNodeId(one)).to.equal(one);
    expect(await idFor("0123456789abcdef0123456789abcdef")).to.equal(one);
    expect(await idFor("0123456789abcdef0123456789abcdee\n")).not.to.equal(one);
  });

  it("doesn't give the machine id away", async () => {
    const id = await idFor("0123456789abcdef0123456789abcdef\n");
    expect(id.replaceAll("-", "").slice(0, 12)).not.to.equal("0123456789ab");
  });

  it("is refused where the machine has none, saying how to get one", async () => {
    for (const text of ["", "uninitialized\n", "0123456789ABCDEF0123456789ABCDEF\n", "0123"]) {
      await refused(idFor(text), "FAILED_PRECONDITION", "--vm GUID");
    }
    await refused(thisMachineId(path("absent")), "FAILED_PRECONDITION", "systemd-machine-id-setup");
  });
});
