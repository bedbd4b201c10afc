import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { execa } from "execa";
import { mocha } from "../../scripts/suites/suite.ts";
import { markedBy, markedProcesses } from "../../scripts/suites/marked-processes.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

const mustEnd = pathToFileURL(join(import.meta.dirname, "../../scripts/suites/must-end.ts")).href;

describe("a run that is over", () => {
  const path = scratchDirectory();

  /** A process that does `last`, and then must end. */
  const run = (last: string, graceMs: number) =>
    execa(
      process.execPath,
      [
        ...["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"],
        `import { spawn } from "node:child_process";
         import { mustEnd } from ${JSON.stringify(mustEnd)};
         ${last}
         mustEnd((why) => process.stderr.write(why), ${graceMs});`,
      ],
      { reject: false },
    );

  it("ends by itself where nothing is left", async () => {
    const { exitCode, stdout, stderr } = await run("", 1_000_000);
    expect([exitCode, stdout, stderr]).to.deep.equal([0, "", ""]);
  });

  it("is ended, and has failed, where something is left: it is told what", async () => {
    const child = 'const child = spawn("sleep", ["1000"], { stdio: "ignore" }); console.log(child.pid);';
    const { exitCode, stdout, stderr } = await run(child, 100);
    const pid = Number.parseInt(stdout);
    process.kill(pid, "SIGKILL");
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain("the process went on when all was over").and.contain("ProcessWrap");
    if (process.platform === "linux") expect(stderr).to.contain(`process ${pid}: sleep 1000`);
  });

  it("of tests leaves no process that these started", async function () {
    if (process.platform !== "linux") {
      console.log("      skipped: processes are found by /proc");
      this.skip();
    }
    const marks = markedBy("of-the-test");
    await writeFile(
      path("leaves.test.ts"),
      `import { spawn } from "node:child_process";
       it("leaves", () => {
         spawn("sleep", ["1000"], { stdio: "ignore", detached: true, env: { ...process.env, RUN_MARKS: process.env.RUN_MARKS + " of-the-test" } }).unref();
       });`,
    );
    expect(marks["RUN_MARKS"]).to.match(/(^| )of-the-test$/);
    const counts = await mocha(path("leaves.test.ts"))({ output: { file: path("output") }, niceness: 0 });
    expect(counts).to.deep.equal({ passed: 1, failed: 0, skipped: 0, failures: [] });
    expect(await markedProcesses("of-the-test")).to.deep.equal([]);
  });
});
