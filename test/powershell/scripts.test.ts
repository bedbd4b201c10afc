import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { results } from "../../src/agent/hosts/hyperv/protocol.ts";
import { dangers, powershellParser, type Script, syntaxErrors } from "./script-rules.ts";

const directory = join(import.meta.dirname, "../../powershell");

describe("PowerShell scripts", () => {
  const scripts = new Map<string, Script>();
  let parse: (source: string) => Script;
  const known = () => new Set([...scripts.values()].flatMap(({ functions }) => functions));

  before(async () => {
    parse = await powershellParser();
    for (const name of (await readdir(directory)).filter((file) => file.endsWith(".ps1"))) {
      scripts.set(name, parse(await readFile(join(directory, name), "utf8")));
    }
  });

  it("are there", () => {
    expect([...scripts.keys()]).to.include.members(["worker.ps1", "worker-loop.ps1"]);
  });

  it("are PowerShell", () => {
    for (const [name, script] of scripts) expect(syntaxErrors(script), name).to.deep.equal([]);
  });

  it("never make code, a query or a wildcard of what a request says", () => {
    for (const [name, script] of scripts) expect(dangers(script, known()), name).to.deep.equal([]);
  });

  it("define each function once", () => {
    const names = [...scripts.values()].flatMap(({ functions }) => functions);
    expect(names).to.deep.equal([...new Set(names)]);
  });

  it("are ASCII: Windows PowerShell reads other bytes in the machine's own code page", async () => {
    for (const name of scripts.keys()) {
      const text = await readFile(join(directory, name), "latin1");
      expect(/[^\x00-\x7f]/.exec(text)?.[0], name).to.equal(undefined);
    }
  });

  it("of the host's worker know every operation of the protocol", async () => {
    const text = await readFile(join(directory, "worker.ps1"), "utf8");
    const operations = [...text.matchAll(/^ {8}'(\w+)' \{/gm)].map(([, name]) => name ?? "");
    expect(operations.sort()).to.deep.equal(Object.keys(results).sort());
  });

  for (const [what, source] of Object.entries({
    "a text that is run": "Invoke-Expression $Request.name",
    "its alias": "iex $Request.name",
    "a name from a request that is called": "& $Request.op",
    "a script made of a text": "[scriptblock]::Create($Request.name)",
    "a script that is run": "$work.Invoke($Request)",
    "a string that is expanded": "$ExecutionContext.InvokeCommand.ExpandString($Request.name)",
    "a program": "powershell.exe -Command $Request.name",
    "a name with wildcards": "Get-VM -Name $Request.name",
    "a path with wildcards": "Get-CimInstance -Path $Request.path",
    "a query": "Get-CimInstance -ClassName 'X' -Filter \"Name = '$($Request.name)'\"",
    "a part that a request names": ". (Join-Path -Path $PSScriptRoot -ChildPath $Request.name)",
  })) {
    it(`would be refused with ${what}`, () => {
      expect(dangers(parse(source), new Set())).not.to.deep.equal([]);
    });
  }

  it("would be refused with a syntax error", () => {
    expect(syntaxErrors(parse("function Broken { if ($x { } }"))).not.to.deep.equal([]);
  });
});
