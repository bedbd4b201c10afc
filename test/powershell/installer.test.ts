import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MachineFacts, Wishes } from "../../src/agent/install/request.ts";
import { dangers, powershellParser, type Script, syntaxErrors } from "./script-rules.ts";

const directory = join(import.meta.dirname, "../../deploy/windows");

describe("the installer's PowerShell scripts", () => {
  const scripts = new Map<string, Script>();

  before(async () => {
    const parse = await powershellParser();
    const names = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith(".ps1"));
    for (const name of names) scripts.set(name, parse(await readFile(join(directory, name), "utf8")));
  });

  it("are there", () => {
    expect([...scripts.keys()]).to.include.members([
      "install.ps1",
      "upgrade.ps1",
      "uninstall.ps1",
      "get-node.ps1",
    ]);
  });

  it("are PowerShell", () => {
    for (const [name, script] of scripts) expect(syntaxErrors(script), name).to.deep.equal([]);
  });

  it("never make code, a query or a wildcard of what they are told", () => {
    const known = new Set([...scripts.values()].flatMap(({ functions }) => functions));
    for (const [name, script] of scripts) expect(dangers(script, known, true), name).to.deep.equal([]);
  });

  it("define each function once", () => {
    const names = [...scripts.values()].flatMap(({ functions }) => functions);
    expect(names).to.deep.equal([...new Set(names)]);
  });

  it("and the sources of the service's host are ASCII: Windows reads other bytes in the machine's own code page", async () => {
    for (const name of await readdir(directory, { recursive: true })) {
      if (!/\.(ps1|cs)$/.test(name)) continue;
      const text = await readFile(join(directory, name), "latin1");
      expect(/[^\x00-\x7f]/.exec(text)?.[0], name).to.equal(undefined);
    }
  });

  it("know every kind of step that a plan can have", async () => {
    const plan = await readFile(join(directory, "../../src/agent/install/plan.ts"), "utf8");
    const planned = [...plan.matchAll(/kind: "(\w+)"/g)].map(([, kind]) => kind);
    const steps = await readFile(join(directory, "installer/steps.ps1"), "utf8");
    const known = [...steps.matchAll(/^ {8}'(\w+)' \{/gm)].map(([, kind]) => kind);
    expect(known.sort()).to.deep.equal(planned.sort());
  });

  it("gather every fact, and every wish, that a plan asks for", async () => {
    const told = async (name: string) => {
      const text = await readFile(join(directory, name), "utf8");
      const table = text.slice(text.lastIndexOf("[ordered]@{"));
      return [...table.matchAll(/^ +(\w+) += /gm)].map(([, key]) => key).sort();
    };
    expect(await told("installer/facts.ps1")).to.deep.equal(Object.keys(MachineFacts.properties).sort());
    for (const name of ["install.ps1", "upgrade.ps1", "uninstall.ps1"]) {
      expect(await told(name), name).to.deep.equal(Object.keys(Wishes.properties).sort());
    }
  });
});
