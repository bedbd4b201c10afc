import { readFile, writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { expect } from "chai";
import { failed, run, runAny, runToEnd } from "../../src/kit/run.ts";
import { startProcess } from "../support/own-processes.ts";
import { expectFailure } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { until } from "../support/until.ts";

const RUN = new URL("../../src/kit/run.ts", import.meta.url).href;

describe("kit run", () => {
  const path = temporaryDirectory();
  const sh = (script: string, ...args: string[]) => runAny("sh", ["-c", script, "sh", ...args]);

  it("tells how a program ended", async () => {
    expect(await sh("echo out; echo err >&2; exit 3")).to.deep.equal({
      exitCode: 3,
      stdout: "out",
      stderr: "err",
    });
    expect(await sh("exit 0")).to.deep.equal({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("returns standard output as it is, without its last newline", async () => {
    expect(await run("printf", ["%s", "größe\n\n x "])).to.equal("größe\n\n x ");
    expect(await run("printf", ["a\n\n"])).to.equal("a\n");
  });

  it("fails for another exit code than 0, with what the program said", async () => {
    const call = run("sh", ["-c", "echo some reason >&2; exit 7"]);
    await expectFailure(call, "INTERNAL", /^sh -c .* exited with 7: some reason$/);
    await expectFailure(run("sh", ["-c", "echo only this; exit 1"]), "INTERNAL", /exited with 1: only this$/);
    await expectFailure(run("false", []), "INTERNAL", /^false exited with 1$/);
  });

  it("cuts what a program said at length", () => {
    const result = { exitCode: 1, stdout: "", stderr: "x".repeat(100_000) };
    expect(failed("x", [], result).message.length).to.be.below(1000);
  });

  it("passes arguments on as they are: no shell reads them", async () => {
    for (const text of ["$(touch x)", "a b", "'", '"', "*", ";", "\\", "-n"]) {
      expect(await run("printf", ["%s", text])).to.equal(text);
    }
  });

  it("gives the program no input", async () => {
    expect((await runAny("cat", [])).stdout).to.equal("");
  });

  it("gives it the C locale, the caller's environment, and finds system programs", async () => {
    process.env["CSI_TEST_VALUE"] = "kept";
    try {
      expect(await run("sh", ["-c", 'echo "$LC_ALL $CSI_TEST_VALUE"'])).to.equal("C kept");
    } finally {
      delete process.env["CSI_TEST_VALUE"];
    }
    expect((await run("sh", ["-c", 'echo "$PATH"'])).split(":")).to.include.members(["/usr/sbin", "/sbin"]);
  });

  it("says that a program is not installed", async () => {
    await expectFailure(
      runAny("no-such-program-xyz", []),
      "UNAVAILABLE",
      /no-such-program-xyz is not installed/,
    );
  });

  it("fails for one that can't be run", async () => {
    await writeFile(path("plain"), "not a program");
    await expectFailure(runAny(path("plain"), []), "INTERNAL", /plain/);
  });

  it("fails for one that something else kills", async () => {
    await expectFailure(sh("kill -9 $$"), "INTERNAL", /SIGKILL/);
  });

  for (const [what, script] of [
    ["obeys", `echo $$ > "$1"; exec sleep 1000`],
    ["ends itself with 0", `sleep 1000 & trap 'kill $!; exit 0' TERM; echo $$ > "$1"; wait`],
    ["ends itself with 1", `sleep 1000 & trap 'kill $!; exit 1' TERM; echo $$ > "$1"; wait`],
  ] as const) {
    it(`stops a program at the signal that ${what}`, async () => {
      const pidFile = path(what);
      const caller = new AbortController();
      const call = runAny("sh", ["-c", script, "sh", pidFile], caller.signal);
      const pid = async () => Number(await readFile(pidFile, "utf8").catch(() => ""));
      await until(async () => (await pid()) > 0, "the program runs");
      caller.abort();
      await expectFailure(call, "DEADLINE_EXCEEDED", /sh did not end in time/);
      const ended = await pid();
      expect(() => process.kill(ended, 0), "it is gone").to.throw(/ESRCH/);
    });
  }

  it("does not start a program after its signal", async () => {
    const call = runAny("sh", ["-c", 'echo x > "$1"', "sh", path("late")], AbortSignal.abort());
    await expectFailure(call, "DEADLINE_EXCEEDED");
  });

  describe("of what must not be cut off", () => {
    it("gives it its input, and neither result nor error holds that", async () => {
      const secret = "s3cret\n with spaces";
      expect(await runToEnd("cat", [], secret)).to.deep.equal({ exitCode: 0, stdout: secret, stderr: "" });
      const gone = await runToEnd("no-such-program-xyz", [], secret).catch((error: unknown) => error);
      expect(gone).to.include({ code: "UNAVAILABLE" });
      expect(inspect(gone, { depth: 20 })).not.to.include("s3cret");
      expect((await runToEnd("false", [], secret)).exitCode).to.equal(1);
    });

    it("lets it end its work after this process is gone, interrupted, and with its output closed", async () => {
      const [gate, result] = [path("gate"), path("result")];
      await run("mkfifo", [gate]);
      const work = 'read x < "$1"; echo said; echo done > "$2"';
      const script = `import { runToEnd } from ${JSON.stringify(RUN)};
        void runToEnd("sh", ["-c", ${JSON.stringify(work)}, "sh", ${JSON.stringify(gate)}, ${JSON.stringify(result)}]);
        console.log("started");`;
      const parent = startProcess(process.execPath, ["--input-type=module", "--eval", script]);
      await parent.says(/started/);
      await parent.kill("SIGTERM");
      // Opening the gate waits for the reader: it is still there.
      await writeFile(gate, "\n");
      await until(
        async () => (await readFile(result, "utf8").catch(() => "")) === "done\n",
        "it ended its work",
      );
    });
  });
});
