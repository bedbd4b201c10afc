import { readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { runStep } from "../../scripts/ci/run-step.ts";
import { counted } from "../../scripts/suites/counted.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";
import { until } from "../support/until.ts";

describe("a step of CI", function () {
  before(function () {
    if (process.platform === "linux") return;
    console.log("      skipped: processes are found by /proc");
    this.skip();
  });
  const path = scratchDirectory();

  /** Runs a shell script as a step until `end`. */
  const shell = (script: string, end = new AbortController().signal, graceMs = 60_000) =>
    runStep({ command: ["sh", "-c", script, "sh", path()], end, graceMs });
  const isThere = async (file: string) => (await readFile(path(file), "utf8").catch(() => "")) !== "";

  async function isRunning(file: string): Promise<boolean> {
    const state = await readFile(`/proc/${(await readFile(path(file), "utf8")).trim()}/stat`, "utf8").catch(
      () => "",
    );
    // Nobody may have read the end of an orphan yet.
    return state !== "" && !state.includes(") Z ");
  }

  it("ends with the exit code of its command, and nothing that this left goes on, in other sessions neither", async () => {
    const orphan = `setsid sh -c 'echo $$ > "$1/orphan"; sleep 1000' sh "$1" & `;
    const script = `${orphan} while ! [ -s "$1/orphan" ]; do sleep 0.01; done; exit 3`;
    expect(await shell(script)).to.equal(3);
    expect(await isRunning("orphan")).to.equal(false);
  });

  it("that has to end gets the time to put things back", async () => {
    const end = new AbortController();
    const script = `trap 'sleep 0.2; echo back > "$1/back"; exit 0' TERM; echo y > "$1/begun"; while :; do sleep 0.01; done`;
    const ran = shell(script, end.signal);
    await until(() => isThere("begun"), "it begins");
    end.abort();
    await ran;
    expect(await isThere("back")).to.equal(true);
  });

  it("that does not end when it has to is killed, with its own", async () => {
    const end = new AbortController();
    const script = `trap '' TERM; echo $$ > "$1/deaf"; setsid sh -c 'trap "" TERM; echo $$ > "$1/child"; sleep 1000' sh "$1" & while :; do sleep 0.01; done`;
    const ran = shell(script, end.signal, 100);
    await until(async () => (await isThere("deaf")) && (await isThere("child")), "both begin");
    end.abort();
    expect(await ran).to.equal("none");
    expect(await isRunning("deaf")).to.equal(false);
    expect(await isRunning("child")).to.equal(false);
  });

  it("that was to end before it began does not begin", async () => {
    expect(await shell(`echo y > "$1/never"`, AbortSignal.abort())).to.equal("none");
    expect(await isThere("never")).to.equal(false);
  });
});

describe("what a run came to", () => {
  const path = scratchDirectory();
  const counts = { passed: 2, failed: 0, skipped: 1, failures: [] };

  it("is what it wrote", async () => {
    const found = await counted("it", async ({ SUITE_COUNTS = path("x") }) => {
      await writeFile(SUITE_COUNTS, JSON.stringify(counts));
      return 0;
    });
    expect(found).to.deep.equal(counts);
  });

  it("is a failure without counts, with half of them, and with good counts that end badly", async () => {
    const silent = await counted("it", () => Promise.resolve("none"));
    expect(silent).to.deep.include({ passed: 0, failed: 1 });
    expect(silent.failures).to.have.length(1);
    const cut = await counted("it", async ({ SUITE_COUNTS = path("x") }) => {
      await writeFile(SUITE_COUNTS, '{"passed":2,"fai');
      return 1;
    });
    expect(cut.failures).to.deep.equal(["it ended without its counts: exit code 1"]);
    const bad = await counted("it", async ({ SUITE_COUNTS = path("x") }) => {
      await writeFile(SUITE_COUNTS, JSON.stringify(counts));
      return 7;
    });
    expect(bad).to.deep.equal({ ...counts, failed: 1, failures: ["it: exit code 7"] });
  });
});
