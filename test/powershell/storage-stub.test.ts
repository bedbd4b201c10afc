import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { powershellParser, syntaxErrors } from "./script-rules.ts";

const scripts = join(import.meta.dirname, "../../powershell");
const stub = join(import.meta.dirname, "stub/Storage");

const CLASSES = { Disk: "MSFT_Disk", Partition: "MSFT_Partition", Volume: "MSFT_Volume" } as const;

/** What a variable, or a function of ours, is an instance of. */
function classOf(object: string): string {
  const [, kind] = /(?:^\$|^\(Get-Named)(disk|partition|volume)/i.exec(object) ?? [];
  const name = (kind ?? "").charAt(0).toUpperCase() + (kind ?? "").slice(1).toLowerCase();
  return CLASSES[name as keyof typeof CLASSES];
}

/** The type of an expression, as Windows PowerShell makes it. */
function typeOf(expression: string, body: string): string {
  const [, cast] = /^\[(\w+)\] /.exec(expression) ?? [];
  if (cast !== undefined) return cast;
  const [, parsed] = new RegExp(`\\${expression} = \\[(\\w+)\\]::Parse\\(`).exec(body) ?? [];
  if (parsed !== undefined) return parsed;
  if (/^\$(true|false)$/.test(expression)) return "bool";
  // The one constant that is given without a cast is a text.
  return expression === "$script:BasicData" ? "string" : `unknown: ${expression}`;
}

const pairs = (table: string) =>
  [...table.matchAll(/(\w+) = (.+?)(?=;|\}|\n|$)/g)].map(
    ([, name = "", value = ""]) => [name, value.trim()] as const,
  );

interface Call {
  readonly method: string;
  readonly given: readonly (readonly [name: string, type: string])[];
}

/** Every method of Windows' storage that a script calls, with what it gives. */
function callsOf(text: string): Call[] {
  const functions = [...text.matchAll(/^function [\w-]+ \{\n(.*?)^\}/gms)].map(([, body = ""]) => body);
  return functions.flatMap((body) => {
    const wanted = [
      ...pairs(/\$wanted = @\{(.*?)\}\n/s.exec(body)?.[1] ?? ""),
      ...[...body.matchAll(/\$wanted\['(\w+)'\] = (.+?) \}/g)].map(
        ([, name = "", value = ""]) => [name, value] as const,
      ),
    ];
    const calls = [
      ...body.matchAll(
        /Invoke-Storage -Object (\$\w+|\(.*?\)+) -Method '(\w+)'(?: -With (@\{.*?\}|\$wanted))?/g,
      ),
    ];
    return calls.map(([, object = "", method = "", table]) => {
      const given = table === undefined ? [] : table === "$wanted" ? wanted : pairs(table.slice(2));
      return {
        method: `${classOf(object)}.${method}`,
        given: given.map(([name, value]) => [name, typeOf(value, body)] as const),
      };
    });
  });
}

/** The stub's table of methods: what each can be given, in which type. */
function declaredIn(text: string): Map<string, ReadonlyMap<string, string>> {
  const table = /^\$script:Methods = @\{\n(.*?)^\}/ms.exec(text)?.[1] ?? "";
  const methods = [...table.matchAll(/'([\w.]+)' += @\{(.*?)\}/gs)];
  return new Map(
    methods.map(([, name = "", parameters = ""]) => {
      const types = [...parameters.matchAll(/(\w+) += \[(\w+(?:\[\])?)\]/g)];
      return [name, new Map(types.map(([, parameter = "", type = ""]) => [parameter, type]))];
    }),
  );
}

describe("the stub of Windows' storage, besides", () => {
  let module = "";
  let survey = "";
  let changes = "";
  let worker = "";

  before(async () => {
    module = await readFile(join(stub, "Storage.psm1"), "utf8");
    [survey, changes, worker] = (await Promise.all(
      ["node-survey.ps1", "node-changes.ps1", "node-worker.ps1"].map((name) =>
        readFile(join(scripts, name), "utf8"),
      ),
    )) as [string, string, string];
  });

  it("has each method that the worker calls, and what it gives in the types that Windows declares", () => {
    const declared = declaredIn(module);
    const calls = [...callsOf(changes), ...callsOf(worker)];
    const flushes = worker.includes(
      "Invoke-Storage -Object (Get-NamedVolume -Path $Request.path) -Method 'Flush'",
    );
    expect(flushes && declared.has("MSFT_Volume.Flush")).to.equal(true);
    const named = changes.match(/-Method '\w+'/g) ?? [];
    expect(calls.length, "a call is not seen").to.be.greaterThanOrEqual(named.length);
    for (const { method, given } of calls) {
      const types = declared.get(method);
      expect(types, `${method} is not in the stub`).not.to.equal(undefined);
      for (const [name, type] of given) expect(types?.get(name), `${method} ${name}`).to.equal(type);
    }
    // Format takes most, and one of it only when it is asked for.
    const format = calls.find(({ method }) => method === "MSFT_Volume.Format");
    expect(format?.given.map(([name]) => name)).to.have.members([
      "FileSystem",
      "FileSystemLabel",
      "Full",
      "AllocationUnitSize",
    ]);
  });

  it("has the methods that are called by the name of their class, or of a device", () => {
    const declared = declaredIn(module);
    const calls = [survey, changes].flatMap((text) => [
      ...text.matchAll(/Invoke-CimMethod (.*?)(?: \}|$)/gm),
    ]);
    const methods = calls.flatMap(([, call = ""]) => {
      const [, method] = /-MethodName '(\w+)'/.exec(call) ?? [];
      if (method === undefined) return [];
      const [, className = "Win32_PnPEntity"] = /-ClassName '(\w+)'/.exec(call) ?? [];
      return [`${className}.${method}`];
    });
    expect(methods).to.deep.equal([
      "Win32_PnPEntity.GetDeviceProperties",
      "MSFT_StorageSetting.UpdateHostStorageCache",
    ]);
    expect([...declared.keys()]).to.include.members(methods);
    expect(survey).to.contain("devicePropertyKeys = [string[]] @($script:ParentOfDevice)");
    expect(declared.get(methods[0] ?? "")?.get("devicePropertyKeys")).to.equal("string[]");
  });

  it("tells each class that the worker reads, with each property that it looks at", () => {
    const classes = [survey, changes].flatMap((text) =>
      [...text.matchAll(/-Class(?:Name)? '(\w+)'/g)].map(([, name = ""]) => name),
    );
    const instances = [...module.matchAll(/'root\/[\w/]+:(\w+)' \{/g)].map(([, name]) => name);
    expect(instances.sort()).to.deep.equal(
      [...new Set(classes)].filter((name) => name !== "MSFT_StorageSetting").sort(),
    );
    const looks = [survey, changes].flatMap((text) => [
      ...text.matchAll(/\$(?:Disk|Partition|Volume|Drive|Device|created|sizes|_)\.([A-Z]\w+)(?!\w*\()/gi),
      ...text.matchAll(/-ClassName 'Win32_\w+' -Property ('\w+'(?:, '\w+')*)/g),
    ]);
    const names = looks.flatMap(([, name = ""]) => [...name.matchAll(/\w+/g)].map(([each]) => each));
    expect(names.length).to.be.greaterThan(40);
    const told = new Set(
      [...module.matchAll(/^ +(\w+) += |-Name '(\w+)' -Value| (DeviceID) = /gm)].map(
        ([, a, b, c]) => a ?? b ?? c,
      ),
    );
    for (const name of names) expect([...told], name).to.include(name);
  });

  it("stands for all that the compiled part does", async () => {
    const members = async (file: string) =>
      [
        ...(await readFile(file, "utf8")).matchAll(
          /public static ([\w[\]]+ \w+\([^)]*\))|public static class (\w+)/g,
        ),
      ].map(([, method, type]) => type ?? method ?? "");
    const real = await members(join(scripts, "node-calls.cs"));
    const stood = await members(join(stub, "NodeCalls.cs"));
    const called = [...changes.matchAll(/\[HypervCsi\.(\w+)\]::(\w+)\(/g)].map(([, , method = ""]) => method);
    expect(called).to.deep.equal(["Read", "Target", "Remove"]);
    for (const method of called) {
      const signature = real.find((each) => new RegExp(`\\b${method}\\(`).test(each));
      expect(stood, method).to.include(signature);
    }
  });

  it("is started by a script that is PowerShell", async () => {
    const parse = await powershellParser();
    const start = await readFile(join(stub, "../start-node-worker.ps1"), "utf8");
    expect(syntaxErrors(parse(start))).to.deep.equal([]);
    expect(start).to.contain("Import-Module -Name 'Storage'").and.to.contain("powershell/node-worker.ps1");
  });

  it("has a name that the worker never imports: the real module tells words in the place of numbers", () => {
    for (const text of [survey, changes, worker]) expect(text).not.to.match(/Import-Module|#Requires/i);
  });
});
