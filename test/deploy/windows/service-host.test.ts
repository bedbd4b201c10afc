import { randomUUID } from "node:crypto";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import fc from "fast-check";
import { windowsCommandLine } from "../../../src/agent/install/windows-command-line.ts";
import { bundleOf } from "../../support/bundle.ts";
import { compileHost, hostSources, needsMono } from "../../support/service-host.ts";
import { startProcessWithInput } from "../../support/own-processes.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { until } from "../../support/until.ts";

/** The real host under mono, in its console form; what needs Windows' service manager is only compiled here. */
describe("the host of the Windows service", function () {
  const scratch = scratchDirectory();
  const bundle = bundleOf();

  before(needsMono);

  before(async () => {
    await compileHost(scratch("hyperv-csi-service.exe"));
    await symlink(process.execPath, scratch("node.exe"));
  });

  /** Runs a program in the place of hyperv-csi.mjs. */
  async function host(program: string, args: readonly string[], options: readonly string[] = []) {
    await writeFile(scratch("hyperv-csi.mjs"), program);
    const logs = scratch(`logs of ${randomUUID()}`);
    const own = [scratch("hyperv-csi-service.exe"), "--console", "--log-directory", logs, ...options];
    const running = startProcessWithInput("mono", [...own, "--", ...args]);
    return { ...running, logs, log: () => readFile(join(logs, "agent.log"), "utf8") };
  }
  const UNTIL_END =
    "process.stdin.resume(); process.stdin.on('end', () => process.exit(7)); console.log('up');";

  // A single backslash in quotes means itself for mono as well, which reads command lines as a shell of Unix does.
  it("passes arguments on as they are", async () => {
    const args = ["agent", "", "a b", 'a"b', "C:\\my dir\\x", "ä"];
    const running = await host("console.log(JSON.stringify(process.argv.slice(2)))", args);
    expect(await running.ended(), running.output()).to.equal(0);
    expect(JSON.parse(running.output())).to.deep.equal(args);
  });

  it("makes the same command lines as the installer", async () => {
    const probe = join(import.meta.dirname, "CommandLineProbe.cs");
    await execa("mcs", [`-out:${scratch("probe.exe")}`, probe, join(hostSources, "CommandLine.cs")]);
    const awkward = fc.array(fc.constantFrom("\\", '"', " ", "\t", "a", "ü"), { maxLength: 10 });
    const cases = fc.sample(
      fc.array(
        awkward.map((letters) => letters.join("")),
        { minLength: 1 },
      ),
      500,
    );
    // One that shows nothing of itself in the input comes last: its line is a line by its end only.
    cases.push([""]);
    const input = cases.map((args) => `${args.join("\u0001")}\n`).join("");
    const { stdout } = await execa("mono", [scratch("probe.exe")], { input });
    expect(stdout.split("\n")).to.deep.equal(cases.map(windowsCommandLine));
  });

  it("stops the agent by ending its input, and gives its exit code on", async () => {
    const running = await host(UNTIL_END, ["agent"]);
    await running.says(/up/);
    running.endInput();
    expect(await running.ended(), running.output()).to.equal(7);
  });

  it("kills an agent that does not stop in time, and says so", async () => {
    const program = "console.log('pid', process.pid); process.stdin.resume(); setInterval(() => {}, 1000)";
    const running = await host(program, ["agent"], ["--stop-seconds", "1"]);
    await running.says(/pid \d+/);
    running.endInput();
    expect(await running.ended()).not.to.equal(0);
    expect(running.output()).to.contain("did not stop in time and was ended");
    const pid = Number(/pid (\d+)/.exec(running.output())?.[1]);
    expect(() => process.kill(pid, 0)).to.throw("ESRCH");
  });

  it("leaves no agent behind when it is killed itself: its end ends the agent's input", async () => {
    const running = await host(`${UNTIL_END} console.log('pid', process.pid)`, ["agent"]);
    await running.says(/pid \d+/);
    const pid = Number(/pid (\d+)/.exec(running.output())?.[1]);
    await running.kill("SIGKILL");
    await goneFor(pid);
  });

  it("ends with an agent that ends by itself, with its exit code", async () => {
    const running = await host("console.error('no such pool'); process.exitCode = 3", ["agent"]);
    expect(await running.ended()).to.equal(3);
    expect(running.output()).to.contain("no such pool");
  });

  it("keeps what the agent writes, in UTF-8, in files that are bounded", async () => {
    const line = `"ü€😀" + "x".repeat(4 * 1024 * 1024)`;
    const running = await host(`for (let n = 0; n < 4; n++) console.log(${line}); console.error("last")`, [
      "agent",
    ]);
    expect(await running.ended()).to.equal(0);
    expect((await readdir(running.logs)).sort()).to.deep.equal(["agent.1.log", "agent.log"]);
    const older = await readFile(join(running.logs, "agent.1.log"), "utf8");
    const lines = (older + (await running.log())).split(/\r?\n/);
    expect(lines.filter((text) => text.startsWith("ü€😀x"))).to.have.length(4);
    expect(lines).to.include("last");
  });

  for (const [what, args, problem] of [
    ["an unknown option", ["--port", "1", "--", "agent"], "there is no option --port"],
    ["an option without its value", ["--log-directory"], "--log-directory needs a value"],
    [
      "a time that is none",
      ["--stop-seconds", "-1", "--log-directory", "x", "--", "agent"],
      "--stop-seconds is not",
    ],
    ["nothing to run", ["--log-directory", "x", "--"], "ARGUMENTS OF hyperv-csi"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { exitCode, stderr } = await execa("mono", [scratch("hyperv-csi-service.exe"), ...args], {
        reject: false,
      });
      expect(exitCode).to.equal(2);
      expect(stderr).to.contain(problem);
    });
  }

  it("runs the real agent: ready, asked to stop, stopped in order", async () => {
    await writeFile(scratch("key"), randomUUID());
    const places = [
      "--pool",
      scratch("pool"),
      "--state-dir",
      scratch("state"),
      "--api-key-file",
      scratch("key"),
    ];
    const args = ["agent", "--listen", "127.0.0.1:0", "--group", "g", ...places, "--stop-on-stdin-end"];
    // The bundle lies where its optional library is found.
    const running = await host(`await import(${JSON.stringify(bundle)})`, args);
    await running.says(/agent is ready/);
    running.endInput();
    expect(await running.ended(), running.output()).to.equal(0);
    expect(await running.log(), basename(running.logs)).to.contain("agent stops");
  });
});

/** Waits for the end of a process that is no child of ours. */
async function goneFor(pid: number): Promise<void> {
  await until(() => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  }, `the end of process ${pid}`);
}
