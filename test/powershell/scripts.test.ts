import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { results as hostResults } from "../../src/agent/hosts/hyperv/protocol.ts";
import { results as nodeResults } from "../../src/node/windows/protocol.ts";
import { dangers, powershellParser, type Script, syntaxErrors } from "./script-rules.ts";

const directory = join(import.meta.dirname, "../../powershell");

/** The script that is started, and the protocol that it speaks. */
const workers = {
  "worker.ps1": hostResults,
  "node-worker.ps1": nodeResults,
} as const;

/** Functions of ours that pass a constant on to a parameter that must be given one. */
const CONSTANT_PARAMETERS =
  /(?:Get-VirtualizationInstance|Get-StorageInstance|Invoke-Storage)\b.*? -(?:Class|Method) (\S+)/g;

describe("PowerShell scripts", () => {
  const scripts = new Map<string, Script>();
  let parse: (source: string) => Script;
  /** A worker's script, and those that it loads. */
  const partsOf = (worker: string): Map<string, Script> => {
    const text = scripts.get(worker)?.root.text ?? "";
    const loaded = [...text.matchAll(/^\. \(.* -ChildPath '([a-z-]+\.ps1)'\)$/gm)].map(
      ([, name = ""]) => name,
    );
    return new Map([worker, ...loaded].map((name) => [name, scripts.get(name)!]));
  };
  const functionsOf = (worker: string) => [...partsOf(worker).values()].flatMap(({ functions }) => functions);

  before(async () => {
    parse = await powershellParser();
    for (const name of (await readdir(directory)).filter((file) => file.endsWith(".ps1"))) {
      scripts.set(name, parse(await readFile(join(directory, name), "utf8")));
    }
  });

  it("are there, each of them part of a worker", () => {
    const parts = Object.keys(workers).flatMap((worker) => [...partsOf(worker).keys()]);
    expect([...new Set(parts)].sort()).to.deep.equal([...scripts.keys()].sort());
    for (const worker of Object.keys(workers))
      expect([...partsOf(worker).keys()]).to.include("worker-loop.ps1");
  });

  it("are PowerShell", () => {
    for (const [name, script] of scripts) expect(syntaxErrors(script), name).to.deep.equal([]);
  });

  it("never make code, a query or a wildcard of what a request says", () => {
    for (const worker of Object.keys(workers)) {
      const known = new Set(functionsOf(worker));
      for (const [name, script] of partsOf(worker)) expect(dangers(script, known), name).to.deep.equal([]);
    }
  });

  it("name classes and methods by constants", () => {
    let seen = 0;
    for (const [name, { root }] of scripts) {
      for (const [call, constant = ""] of root.text.matchAll(CONSTANT_PARAMETERS)) {
        if (call.startsWith("function")) continue;
        seen++;
        expect(constant, `${name}: ${call}`).to.match(/^'\w+'\)*$/);
      }
    }
    expect(seen).to.be.greaterThan(10);
  });

  it("define each function once", () => {
    for (const worker of Object.keys(workers)) {
      const names = functionsOf(worker);
      expect(names, worker).to.deep.equal([...new Set(names)]);
    }
  });

  it("are ASCII: Windows PowerShell reads other bytes in the machine's own code page", async () => {
    for (const name of await readdir(directory)) {
      const text = await readFile(join(directory, name), "latin1");
      expect(/[^\x00-\x7f]/.exec(text)?.[0], name).to.equal(undefined);
    }
  });

  for (const [worker, results] of Object.entries(workers)) {
    it(`of ${worker} know every operation of the protocol`, async () => {
      const text = await readFile(join(directory, worker), "utf8");
      const operations = [...text.matchAll(/^ {8}'(\w+)' \{/gm)].map(([, name]) => name ?? "");
      expect(operations.sort()).to.deep.equal(Object.keys(results).sort());
    });
  }

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
    "a source that a request names": "Add-Type -LiteralPath $Request.path",
    "a source that is a text": "Add-Type -TypeDefinition $Request.name",
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
