import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { startProcessWithInput } from "../../support/own-processes.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { compileHost, needsMono } from "../../support/service-host.ts";

/** ERROR_PROCESS_ABORTED, of which a process here can tell eight bits. */
const PROCESS_ABORTED = 1067 & 0xff;

/** Under Mono, whose event log lies in files; it has no service manager, so that a probe starts and stops the service. */
describe("the agent as a Windows service", () => {
  const scratch = scratchDirectory();

  before(needsMono);

  before(async () => {
    const file = join(import.meta.dirname, "ServiceProbe.cs");
    await compileHost(scratch("probe.exe"), { file, main: "HypervCsi.ServiceHost.ServiceProbe" });
  });

  /** The service over a program in the place of hyperv-csi.mjs, in a directory of its own. */
  async function service(program: string, hasNode = true) {
    const home = scratch(randomUUID());
    const events = join(home, "events");
    await mkdir(events, { recursive: true });
    await symlink(scratch("probe.exe"), join(home, "probe.exe"));
    if (hasNode) await symlink(process.execPath, join(home, "node.exe"));
    await writeFile(join(home, "hyperv-csi.mjs"), program);
    const variables = [`MONO_EVENTLOG_TYPE=local:${events}`];
    const args = [join(home, "probe.exe"), "--log-directory", join(home, "logs"), "--", "agent"];
    const running = startProcessWithInput("env", [...variables, "mono", ...args]);
    return { ...running, events: () => eventsIn(join(events, "Application")) };
  }

  it("tells the event log that it was started and stopped", async () => {
    const own = await service("process.stdin.resume(); process.stdin.on('end', () => process.exit(0));");
    await own.says(/started hyperv-csi/);
    own.endInput();
    expect(await own.ended(), own.output()).to.equal(0);
    expect(own.output()).to.contain("stopped 0");
    const [started = "", stopped = "", ...others] = await own.events();
    expect(started)
      .to.match(/InstanceID: 1\b/)
      .and.contain("was started");
    expect(stopped)
      .to.match(/InstanceID: 2\b/)
      .and.contain("exit code 0");
    expect(others).to.deep.equal([]);
  });

  it("fails with an agent that ends by itself, so that it is started again, and tells why that ended", async () => {
    const own = await service("console.error('no such pool'); process.exitCode = 3;");
    expect(await own.ended(), own.output()).to.equal(PROCESS_ABORTED);
    const [started = "", ended = "", ...others] = await own.events();
    expect(started).to.match(/InstanceID: 1\b/);
    expect(ended)
      .to.match(/InstanceID: 5\b/)
      .and.contain("exit code 3")
      .and.contain("no such pool");
    expect(others).to.deep.equal([]);
  });

  it("tells when the agent can't be started", async () => {
    const own = await service("", false);
    expect(await own.ended()).not.to.equal(0);
    const [entry = ""] = await own.events();
    expect(entry)
      .to.match(/InstanceID: 4\b/)
      .and.contain("can't be started");
  });
});

/** The entries of a log, the oldest first. */
async function eventsIn(directory: string): Promise<string[]> {
  const numbers = (await readdir(directory)).map((name) => Number(/^(\d+)\.log$/.exec(name)?.[1]));
  const sorted = numbers.filter((number) => number > 0).sort((one, other) => one - other);
  return await Promise.all(sorted.map((number) => readFile(join(directory, `${number}.log`), "utf8")));
}
