import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Node } from "web-tree-sitter";
import { dangers, powershellParser, type Script, syntaxErrors } from "./script-rules.ts";

const scripts = join(import.meta.dirname, "../../powershell");
const stubs = join(import.meta.dirname, "stub");

/** Of PowerShell itself: they come with every installation, and do on every system what they do on Windows. */
const OWN =
  /^(Set-StrictMode|Join-Path|New-Object|Import-Module|Get-Module|Start-Sleep|ConvertFrom-Json|ConvertTo-Json|Where-Object|ForEach-Object|Select-Object)$/;

/** What the stubs call besides. */
const FOR_STUBS = ["Add-Member", "Export-ModuleMember", "Microsoft.PowerShell.Utility\\Add-Type"];

/** Parameters that every cmdlet has. */
const COMMON = /^(Confirm|ErrorAction)$/i;

const all = (node: Node, type: string) => node.descendantsOfType(type);

/** The parameters of each function, in lower case. */
function parametersIn({ root }: Script): Map<string, Set<string>> {
  return new Map(
    all(root, "function_statement").map((node) => {
      const name = node.namedChildren.find(({ type }) => type === "function_name")?.text ?? "";
      const parameters = all(node, "script_parameter").flatMap((parameter) =>
        parameter.children.filter((child) => child.type === "variable").map((child) => child.text.slice(1)),
      );
      return [name, new Set(parameters.map((parameter) => parameter.toLowerCase()))];
    }),
  );
}

async function scriptsNamed(pattern: RegExp): Promise<Script[]> {
  const parse = await powershellParser();
  const names = (await readdir(scripts)).filter((file) => pattern.test(file));
  return await Promise.all(names.map(async (name) => parse(await readFile(join(scripts, name), "utf8"))));
}

/** What a script calls, with the parameters that it gives. */
function callsIn({ root }: Script): { name: string; parameters: string[] }[] {
  return all(root, "command").map((command) => {
    const elements = command.childForFieldName("command_elements")?.namedChildren ?? [];
    const parameters = elements.filter((element) => element.type === "command_parameter");
    return {
      name: command.childForFieldName("command_name")?.text ?? "",
      parameters: parameters.map((parameter) => parameter.text.replace(/^-|:$/g, "").toLowerCase()),
    };
  });
}

for (const [module, pattern, fewestCalls] of [
  ["Hyper-V", /^(worker|hyperv).*\.ps1$/, 20],
  ["Storage", /^(worker-loop|node-.*)\.ps1$/, 8],
] as const) {
  describe(`the stub of ${module}`, () => {
    const file = join(stubs, module, `${module}.psm1`);
    let stub: Script;
    let simulator: Script;
    let worker: Script[];

    before(async () => {
      const parse = await powershellParser();
      stub = parse(await readFile(file, "utf8"));
      simulator = parse(await readFile(join(stubs, "simulator.ps1"), "utf8"));
      worker = await scriptsNamed(pattern);
    });

    it("is PowerShell, and ASCII", async () => {
      for (const script of [stub, simulator]) expect(syntaxErrors(script)).to.deep.equal([]);
      expect(/[^\x00-\x7f]/.exec(await readFile(file, "latin1"))).to.equal(null);
    });

    it("has every cmdlet that the worker calls, with every parameter that it gives", () => {
      const own = new Set(worker.flatMap(({ functions }) => functions));
      const stubbed = parametersIn(stub);
      const called = worker
        .flatMap(callsIn)
        // Without the parts of its own that it loads.
        .filter(({ name }) => /^[A-Z][a-z]+-/.test(name) && !own.has(name) && !OWN.test(name));
      expect(called.length).to.be.greaterThan(fewestCalls);
      for (const { name, parameters } of called) {
        const known = stubbed.get(name);
        expect(known, `${name} is not in the stub`).not.to.equal(undefined);
        for (const parameter of parameters.filter((each) => !COMMON.test(each))) {
          expect([...(known ?? [])], `${name} -${parameter}`).to.include(parameter);
        }
      }
    });

    it("calls its own functions with parameters that they have", () => {
      const known = new Map([...parametersIn(simulator), ...parametersIn(stub)]);
      const calls = callsIn(stub).filter(({ name }) => known.has(name));
      expect(calls.length).to.be.greaterThan(10);
      for (const { name, parameters } of calls) {
        for (const parameter of parameters) {
          expect([...(known.get(name) ?? [])], `${name} -${parameter}`).to.include(parameter);
        }
      }
    });

    it("exports what the worker calls, and nothing that is not there", () => {
      const list = /Export-ModuleMember -Function @\((.*?)\)/s.exec(stub.root.text)?.[1] ?? "";
      const exported = [...list.matchAll(/'([\w-]+)'/g)].map(([, name]) => name ?? "");
      expect(stub.functions).to.include.members(exported);
      const called = new Set(worker.flatMap(callsIn).map(({ name }) => name));
      expect(exported.filter((name) => !called.has(name))).to.deep.equal([]);
      expect(
        [...called].filter((name) => stub.functions.includes(name) && !exported.includes(name)),
      ).to.deep.equal([]);
    });

    it("makes nothing of what it is told but data", () => {
      const known = new Set([...stub.functions, ...simulator.functions, ...FOR_STUBS]);
      for (const script of [stub, simulator]) expect(dangers(script, known)).to.deep.equal([]);
    });
  });
}

describe("the stub of Hyper-V, besides", () => {
  let stub: Script;

  before(async () => {
    const parse = await powershellParser();
    stub = parse(await readFile(join(stubs, "Hyper-V/Hyper-V.psm1"), "utf8"));
  });

  it("has the parameters that are given together", async () => {
    const changes = await readFile(join(scripts, "hyperv-changes.ps1"), "utf8");
    const [, table = ""] = /function Get-IopsParameter \{.*?@\{(.*?)\}/s.exec(changes) ?? [];
    const given = [...table.matchAll(/(\w+) =/g)].map(([, name]) => (name ?? "").toLowerCase());
    expect(given).to.deep.equal(["minimumiops", "maximumiops"]);
    for (const name of ["Add-VMHardDiskDrive", "Set-VMHardDiskDrive"]) {
      expect([...(parametersIn(stub).get(name) ?? [])]).to.include.members(given);
    }
  });

  it("tells each property that the worker asks of a class or a disk", async () => {
    const text = stub.root.text;
    const inventory = await readFile(join(scripts, "hyperv-inventory.ps1"), "utf8");
    const asked = [...inventory.matchAll(/-Class 'Msvm_\w+' -Property ([^)\n]+)/g)].flatMap(([, list = ""]) =>
      [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name ?? ""),
    );
    const disk = await readFile(join(scripts, "hyperv-changes.ps1"), "utf8");
    const read = [...disk.matchAll(/\$disk\.(\w+)/g)].map(([, name]) => name ?? "");
    expect(asked.length).to.be.greaterThan(10);
    for (const name of [...asked, ...read]) expect(text, name).to.match(new RegExp(`\\b${name} += `));
  });
});
