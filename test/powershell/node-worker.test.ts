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

const directory = join(import.meta.dirname, "../../powershell");

/** What a function answers: the keys of the last table in it. */
async function tableOf(file: string, name: string): Promise<string[]> {
  const text = await readFile(join(directory, file), "utf8");
  const [, body = ""] = new RegExp(`^function ${name} \\{(.*?)^\\}`, "ms").exec(text) ?? [];
  const table = body.slice(body.lastIndexOf("[ordered]@{"));
  return [...table.matchAll(/(?:^ {8}|@\{ |; )(\w+) += /gm)].map(([, key = ""]) => key).sort();
}

const keysOf = (schema: { readonly properties: object }) => Object.keys(schema.properties).sort();

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
    const text = await readFile(join(directory, "node-worker.ps1"), "utf8");
    const protocol = await readFile(join(directory, "../src/node/windows/protocol.ts"), "utf8");
    const [, said] = /\$script:ProtocolVersion = (\d+)/.exec(text) ?? [];
    const [, wanted] = /PROTOCOL_VERSION = (\d+)/.exec(protocol) ?? [];
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
