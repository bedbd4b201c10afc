import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { mayHaveVms } from "../../src/agent/hosts/hyperv/members.ts";
import {
  ClusterNode,
  DiskInfo,
  Drive,
  Hello,
  HypervVm,
  Inventory,
} from "../../src/agent/hosts/hyperv/protocol.ts";
import { bodyOf, keysOf, tableOf, versionsOf } from "./answer-tables.ts";

describe("the scripts of a Hyper-V host's worker", () => {
  for (const [file, name, schema] of [
    ["worker.ps1", "Get-Hello", Hello],
    ["hyperv-inventory.ps1", "New-DriveAnswer", Drive],
    ["hyperv-inventory.ps1", "New-VmAnswer", HypervVm],
    ["hyperv-inventory.ps1", "Get-ClusterMember", ClusterNode],
    ["hyperv-inventory.ps1", "Get-Inventory", Inventory],
    ["hyperv-changes.ps1", "New-DiskAnswer", DiskInfo],
  ] as const) {
    it(`answer all fields that the protocol has, and no other: ${name}`, async () => {
      expect(await tableOf(file, name)).to.deep.equal(keysOf(schema));
    });
  }

  it("tell the state of a cluster's member as the cluster does, and judge nothing", async () => {
    const body = await bodyOf("hyperv-inventory.ps1", "Get-ClusterMember");
    expect(body).to.match(/-ClassName 'MSCluster_Node' -Property 'Name', 'State'/);
    // A state that is not told is none that counts as up.
    expect(body).to.include("state = [long] $(if ($null -eq $node.State) { -1 } else { $node.State }) }");
  });

  it("add no drive unless every member that may have VMs has answered", async () => {
    const mayAttach = await bodyOf("hyperv-changes.ps1", "Test-MayAttach");
    const [first, second] = mayAttach.trim().split(/\n\s*/);
    expect(first).to.equal("param($Inventory, $Place)");
    expect(second).to.equal(
      "if (-not (Test-IsComplete -Inventory $Inventory -HostNames $Place.hosts)) { return $false }",
    );
    const isComplete = await bodyOf("hyperv-changes.ps1", "Test-IsComplete");
    expect(isComplete).to.include("$_.state -ne $script:MemberDown -and (");
    const text = await readFile(join(import.meta.dirname, "../../powershell/hyperv-changes.ps1"), "utf8");
    const down = Number(/^\$script:MemberDown = (\d+)$/m.exec(text)?.[1]);
    for (const state of [-1, 0, 1, 2, 3])
      expect(mayHaveVms({ name: "hv-1", state }), String(state)).to.equal(state !== down);
  });

  it("speak the protocol's version", async () => {
    const { said, wanted } = await versionsOf("worker.ps1", "src/agent/hosts/hyperv/protocol.ts");
    expect(said).to.be.a("string").and.to.equal(wanted);
  });
});
