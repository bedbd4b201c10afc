import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { buildBundle } from "../../../scripts/build.ts";
import { thirdPartyNotices } from "../../../scripts/third-party-notices.ts";
import { archiveFiles, archiveManifest, windowsArchive } from "../../../scripts/windows-archive.ts";
import type { Plan } from "../../../src/agent/install/plan.ts";
import { version } from "../../../src/kit/version.ts";
import { planRequest } from "../../support/plan-request.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

const project = join(import.meta.dirname, "../../..");

describe("the archive for Windows hosts", function () {
  const scratch = scratchDirectory();
  let archive: Uint8Array;
  let notices: string;

  before(async () => {
    notices = await thirdPartyNotices(await buildBundle(scratch("built.mjs")));
    archive = await windowsArchive(scratch("built.mjs"), notices);
    await mkdir(scratch("unpacked"));
    await writeFile(scratch("agent.zip"), archive);
    // Unpacked by another program than the one that packed it.
    await execa("python3", ["-m", "zipfile", "-e", scratch("agent.zip"), scratch("unpacked")]);
  });

  const unpacked = async () => {
    const entries = await readdir(scratch("unpacked"), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files
      .map(({ parentPath, name }) => join(parentPath, name).slice(scratch("unpacked").length + 1))
      .sort();
  };

  it("holds what its manifest says, and the library that calls Windows", async () => {
    const native = (await unpacked()).filter((name) => name.startsWith("node_modules/"));
    const own = (await unpacked()).filter((name) => !native.includes(name));
    const built = [archiveManifest.bundle, archiveManifest.notices];
    expect(own).to.deep.equal([...built, ...(await archiveFiles()).keys()].sort());
    expect(native).to.include("node_modules/@koromix/koffi-win32-x64/win32_x64/koffi.node");
    expect(native).to.include("node_modules/koffi/index.cjs");
  });

  it("holds the licences of all that is in the program", async () => {
    expect(await readFile(scratch("unpacked", archiveManifest.notices), "utf8")).to.equal(notices);
  });

  it("holds every file of the worker and of the installer, unchanged", async () => {
    for (const directory of ["powershell", "deploy/windows"]) {
      for (const entry of await readdir(join(project, directory), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = join(entry.parentPath, entry.name);
        const name = [...(await archiveFiles())].find(([, from]) => join(project, from) === file)?.[0];
        expect(name, file).not.to.equal(undefined);
        const [packed, source] = [await readFile(scratch("unpacked", name ?? "")), await readFile(file)];
        expect(packed.equals(source), file).to.equal(true);
      }
    }
  });

  it("is the same, byte for byte, when it is made again in another time zone", async () => {
    await writeFile(scratch("notices"), notices);
    const make = `
      import { readFileSync } from "node:fs";
      import { windowsArchive } from ${JSON.stringify(join(project, "scripts/windows-archive.ts"))};
      import { createHash } from "node:crypto";
      const notices = readFileSync(${JSON.stringify(scratch("notices"))}, "utf8");
      const bytes = await windowsArchive(${JSON.stringify(scratch("built.mjs"))}, notices);
      process.stdout.write(createHash("sha256").update(bytes).digest("hex"));`;
    const { stdout } = await execa(process.execPath, ["--input-type=module", "--eval", make], {
      env: { TZ: "Pacific/Auckland" },
    });
    expect(stdout).to.equal(createHash("sha256").update(archive).digest("hex"));
  });

  const run = (args: readonly string[], input = "") =>
    execa(process.execPath, ["hyperv-csi.mjs", ...args], {
      cwd: scratch("unpacked"),
      input,
      reject: false,
      all: true,
    });

  it("has a program that runs from where it was unpacked", async () => {
    expect((await run(["--version"])).stdout).to.equal(version);
    const { exitCode, stdout } = await run(["agent", "--help"]);
    expect(exitCode).to.equal(0);
    for (const word of ["--stop-on-stdin-end", "install-plan", "wait-ready"]) expect(stdout).to.contain(word);
  });

  it("makes a plan that copies all of the program, and compiles all sources of the service's host", async () => {
    const { stdout, exitCode, all } = await run(["agent", "install-plan"], JSON.stringify(planRequest()));
    expect(exitCode, all).to.equal(0);
    const { problems, steps } = JSON.parse(stdout) as Plan;
    expect(problems).to.deep.equal([]);
    const copied = steps.flatMap((step) => (step.kind === "copyFile" ? [step.from] : []));
    const wanted = (await unpacked()).filter((name) =>
      /^(hyperv-csi\.mjs|LICENSE|THIRD-PARTY-NOTICES|powershell|node_modules)/.test(name),
    );
    const expected = wanted.map((name) => `C:\\unpacked\\${name.replaceAll("/", "\\")}`);
    expect(copied.sort()).to.deep.equal([...expected, "C:\\unpacked\\node.exe"].sort());
    const compile = steps.find((step) => step.kind === "run" && step.program.endsWith("csc.exe"));
    const compiled = compile?.kind === "run" ? compile.arguments : "";
    for (const name of await readdir(join(project, "deploy/windows/service-host")))
      expect(compiled).to.contain(name);
  });

  it("names one node.exe, by its hash", async () => {
    const {
      version: node,
      url,
      sha256,
    } = JSON.parse(await readFile(scratch("unpacked", "node.json"), "utf8")) as Record<
      "version" | "url" | "sha256",
      string
    >;
    expect(Number(node.split(".")[0])).to.be.at.least(24);
    expect(url).to.equal(`https://nodejs.org/dist/v${node}/win-x64/node.exe`);
    expect(sha256).to.match(/^[0-9a-f]{64}$/);
  });
});
