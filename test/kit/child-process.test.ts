import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { startChild } from "../../src/kit/child-process.ts";
import { startProcess } from "../support/own-processes.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { until } from "../support/until.ts";

const MODULE = new URL("../../src/kit/child-process.ts", import.meta.url).href;
const isGone = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

describe("kit child process", () => {
  const path = temporaryDirectory();
  const sh = (script: string, ...args: string[]) =>
    startChild("sh", ["-c", script, "sh", ...args], { env: process.env, mostOutput: 100_000 });
  const pidIn = async (file: string) => {
    const pid = async () => Number(await readFile(file, "utf8").catch(() => ""));
    await until(async () => (await pid()) > 0, "the program runs");
    return pid();
  };

  it("kills what does not end when it is asked to, and waits for nothing that holds its output", async () => {
    const child = sh('trap "" TERM; sleep 1000 & echo $! > "$2"; echo $$ > "$1"; wait', path("a"), path("b"));
    const pid = await pidIn(path("a"));
    child.stop();
    child.stop();
    expect(await child.end).to.include({ exitCode: undefined, signal: "SIGKILL" });
    expect(isGone(pid)).to.equal(true);
    process.kill(await pidIn(path("b")), "SIGKILL");
  }).timeout(300_000);

  it("stops what writes without end, and gives nothing of it away as a result", async () => {
    const endless = await sh("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done").end.catch(
      (error: unknown) => error,
    );
    expect(endless).to.be.instanceOf(RangeError);
    const trapped = await sh(
      'trap "exit 0" TERM; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
    ).end.catch((error: unknown) => error);
    expect(trapped).to.be.instanceOf(RangeError);
    expect((await sh("head -c 90000 /dev/zero").end).stdout.length).to.equal(90_000);
  }).timeout(300_000);

  it("keeps texts whole that come in pieces", async () => {
    const text = "ä€😀".repeat(5000);
    const child = startChild("cat", [], { env: process.env, mostOutput: 1 << 20, input: `${text}\n` });
    expect((await child.end).stdout).to.equal(text);
  });

  it("may be given more than it reads", async () => {
    const child = startChild("true", [], { env: process.env, mostOutput: 0, input: "x".repeat(1 << 20) });
    expect((await child.end).exitCode).to.equal(0);
  });

  it("ends with the process that started it", async () => {
    const script = `import { startChild } from ${JSON.stringify(MODULE)};
      startChild("sh", ["-c", ${JSON.stringify('echo $$ > "$1"; exec sleep 1000')}, "sh", ${JSON.stringify(path("c"))}], { env: process.env, mostOutput: 10 });
      process.on("SIGTERM", () => process.exit(0));
      console.log("started");`;
    const parent = startProcess(process.execPath, ["--input-type=module", "--eval", script]);
    await parent.says(/started/);
    const pid = await pidIn(path("c"));
    await parent.kill("SIGTERM");
    await until(() => Promise.resolve(isGone(pid)), "it is gone");
  }).timeout(300_000);
});
