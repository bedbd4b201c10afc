import { randomUUID } from "node:crypto";
import { access, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { cells, operatorRig } from "./operator/program.ts";

describe("hyperv-csi doctor", () => {
  const rig = operatorRig();

  it("says that nothing is wrong", async () => {
    expect(await rig.output("doctor")).to.equal("nothing is wrong\n");
    expect(await rig.json("doctor")).to.deep.equal([]);
    expect(await rig.output("doctor", "--fix")).to.equal("nothing is wrong\n");
  });

  it("ends with 3 while something is left, and tells what can be done", async () => {
    const foreign = join(rig.agent.directory, "notes.txt");
    const leftOver = join(rig.agent.directory, ".tmp", `${randomUUID()}.vhdx`);
    for (const file of [foreign, leftOver]) await writeFile(file, "x");

    const seen = await rig.run("doctor");
    expect(seen).to.include({ exitCode: 3, stderr: "" });
    const rows = cells(seen.stdout);
    expect(rows[0]).to.deep.equal(["POOL", "FINDING", "FIX", "PATH", "MESSAGE"]);
    expect(rows.slice(1).map((row) => row.slice(0, 4))).to.have.deep.members([
      ["default", "foreign-file", "by hand", foreign],
      ["default", "temporary-file", "--fix", leftOver],
    ]);

    const fixed = await rig.run("doctor", "--fix");
    expect(fixed.exitCode).to.equal(3);
    expect(
      cells(fixed.stdout)
        .slice(1)
        .map((row) => row[2]),
    ).to.have.members(["by hand", "fixed"]);
    await access(foreign);

    const json = await rig.run("doctor", "-o", "json");
    expect(json.exitCode).to.equal(3);
    const [finding, ...others] = JSON.parse(json.stdout) as Record<string, unknown>[];
    expect(others).to.deep.equal([]);
    expect(finding).to.include({ kind: "foreign-file", path: foreign, safe_to_fix: false, fixed: false });
    await rm(foreign);
  });

  it("ends with 0 when all that was found is mended", async () => {
    await writeFile(join(rig.agent.directory, ".tmp", `${randomUUID()}.json`), "x");
    const { exitCode, stdout } = await rig.run("doctor", "--fix", "-o", "json");
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout)).to.have.nested.property("[0].fixed", true);
    expect(await rig.output("doctor")).to.equal("nothing is wrong\n");
  });

  it("ends with 1 when it can't look", async () => {
    const { exitCode, stderr } = await rig.run("doctor", "--agent-url", "http://127.0.0.1:1");
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/^hyperv-csi doctor: the agent at http:\/\/127\.0\.0\.1:1 can't be reached/);
  });
});
