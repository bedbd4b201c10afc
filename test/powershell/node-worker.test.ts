import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import {
  Hello,
  results,
  Survey,
  WindowsDisk,
  WindowsPartition,
  WindowsVolume,
} from "../../src/node/windows/protocol.ts";
import { bodyOf, keysOf, tableOf, versionsOf } from "./answer-tables.ts";

const directory = join(import.meta.dirname, "../../powershell");

describe("the scripts of a Windows node's worker", () => {
  for (const [file, name, schema] of [
    ["node-worker.ps1", "Get-Hello", Hello],
    ["node-survey.ps1", "New-DiskAnswer", WindowsDisk],
    ["node-survey.ps1", "New-PartitionAnswer", WindowsPartition],
    ["node-survey.ps1", "New-VolumeAnswer", WindowsVolume],
    ["node-survey.ps1", "Get-Survey", Survey],
    ["node-survey.ps1", "Get-GuestItem", results.guestItems],
    ["node-changes.ps1", "Read-Disk", results.read],
    ["node-changes.ps1", "Get-SupportedSize", results.supportedSize],
  ] as const) {
    it(`answer all fields that the protocol has, and no other: ${name}`, async () => {
      expect(await tableOf(file, name)).to.deep.equal(keysOf(schema));
    });
  }

  it("speak the protocol's version", async () => {
    const { said, wanted } = await versionsOf("node-worker.ps1", "src/node/windows/protocol.ts");
    expect(said).to.be.a("string").and.to.equal(wanted);
  });

  it("look at the disk that a request names before they touch it", async () => {
    const text = await readFile(join(directory, "node-changes.ps1"), "utf8");
    const functions = [...text.matchAll(/^function ([\w-]+) \{\n {4}param\(\$Request\)\n(.*?)^\}/gms)];
    expect(functions.length).to.be.greaterThan(10);
    for (const [, name = "", body = ""] of functions) {
      const look = body.search(/Get-Named(Disk|Partition)|Get-MountPointTarget/);
      const touch = body.search(/Invoke-Storage -Object \$|\[HypervCsi\./);
      expect(look, name).to.be.greaterThanOrEqual(0);
      if (touch >= 0) expect(look, name).to.be.lessThan(touch);
    }
  });

  it("mark a partition to get no drive letter before it is formatted and shown", async () => {
    for (const [name, step] of [
      ["Format-Partition", "Format"],
      ["Add-AccessPath", "AddAccessPath"],
    ] as const) {
      const body = await bodyOf("node-changes.ps1", name);
      const mark = body.indexOf(
        "Set-NoDriveLetter -Disk (Get-NamedDisk -Ref $Request.partition.disk) -Partition $partition",
      );
      expect(mark, name).to.be.greaterThan(body.indexOf("Get-NamedPartition"));
      expect(mark, name).to.be.lessThan(body.indexOf(`-Method '${step}'`));
    }
    // On a disk that is read-only it would fail, and with it every stage that only reads.
    expect(await bodyOf("node-changes.ps1", "Set-NoDriveLetter")).to.contain(
      "-or $Disk.IsReadOnly) { return }",
    );
  });

  it("force nothing", async () => {
    const text = await readFile(join(directory, "node-changes.ps1"), "utf8");
    expect(text).not.to.match(/Force|RunAsJob = \$true|Full = \$true/);
  });

  it("have only errors of their own that the protocol's page tells", async () => {
    const page = await readFile(join(directory, "../docs/reference/windows-node-worker-protocol.md"), "utf8");
    const texts = await Promise.all(
      ["node-worker.ps1", "node-changes.ps1"].map((name) => readFile(join(directory, name), "utf8")),
    );
    const ids = texts.flatMap((text) => text.match(/HypervCsi\.[A-Z]\w+(?=')/g) ?? []);
    expect(ids).to.include.members(["HypervCsi.DiskChanged", "HypervCsi.NotBlank"]);
    for (const id of ids) expect(page).to.contain(`\`${id}\``);
  });
});
