import { expect } from "chai";
import { parse } from "yaml";
import { fakeVm } from "../support/fake-host.ts";
import { cells, operatorRig } from "./operator/program.ts";

describe("hyperv-csi vm", () => {
  const rig = operatorRig();
  const document = (digit: number) => ({
    name: `vm-${digit}`,
    id: fakeVm(digit).id,
    state: "running",
    generation: 2,
    path: `C:\\VMs\\vm-${digit}`,
  });

  const table = (...digits: number[]) =>
    [
      `NAME  ${"ID".padEnd(36)}  STATE\n`,
      ...digits.map((digit) => `vm-${digit}  ${fakeVm(digit).id}  running\n`),
    ].join("");

  it("lists VMs by name", async () => {
    expect(await rig.output("vm", "list")).to.equal(table(1, 2));
    expect(cells(await rig.output("vm", "ls", "-o", "wide"))).to.deep.equal([
      ["NAME", "ID", "STATE", "GENERATION", "PATH"],
      ...[1, 2].map((digit) => [`vm-${digit}`, fakeVm(digit).id, "running", "2", `C:\\VMs\\vm-${digit}`]),
    ]);
    expect(await rig.json("vm", "list")).to.deep.equal([document(1), document(2)]);
    expect(parse(await rig.output("vm", "list", "-o", "yaml"))).to.deep.equal([document(1), document(2)]);
  });

  it("shows one by name, or by id in any case", async () => {
    for (const text of ["vm-2", fakeVm(2).id, fakeVm(2).id.toUpperCase()]) {
      expect(await rig.json("vm", "get", text), text).to.deep.equal(document(2));
    }
    expect(await rig.output("vm", "get", "vm-2")).to.equal(table(2));
  });

  it("fails for one that is not there", async () => {
    const named = await rig.run("vm", "get", "vm-3");
    expect(named).to.deep.include({
      exitCode: 1,
      stdout: "",
      stderr: 'hyperv-csi vm: there is no VM "vm-3"; see hyperv-csi vm list\n',
    });
    const { exitCode, stderr } = await rig.run("vm", "get", fakeVm(3).id);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/^hyperv-csi vm: VM .* does not exist/);
  });
});
