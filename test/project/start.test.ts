import { access } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { scratchDirectory } from "../support/scratch-directory.ts";

const project = join(import.meta.dirname, "../..");

/** What `npm start` says on a machine that can't run it: one line, an exit code, and nothing made. */
describe("npm start where it can't run", function () {
  before(function () {
    if (process.getuid?.() === 0) return;
    console.log("      skipped: giving up root needs root");
    this.skip();
  });
  const scratch = scratchDirectory();

  const withoutRoot = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const withoutLoops = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev; exec "$@"', "sh"];

  async function refusal(prefix: readonly string[], ...command: string[]): Promise<string> {
    const [program = "", ...args] = [...prefix, ...command];
    const { exitCode, all } = await execa(program, args, { cwd: project, reject: false, all: true });
    expect(exitCode, all).to.equal(1);
    const made = await access(scratch("state")).then(
      () => true,
      () => false,
    );
    expect(made, "a state directory was made").to.equal(false);
    return all;
  }

  for (const [what, command] of [
    ["the script", ["sh", "scripts/up.sh", "--once"]],
    ["the command", [process.execPath, "src/main.ts", "up", "--once"]],
  ] as const) {
    it(`${what} asks for root`, async () => {
      const said = await refusal(withoutRoot, ...command, "--state-dir", scratch("state"));
      expect(said).to.match(/^hyperv-csi: this needs root, .*sudo$/);
    });

    it(`${what} asks for loop devices`, async () => {
      const said = await refusal(withoutLoops, ...command, "--state-dir", scratch("state"));
      expect(said).to.match(/^hyperv-csi: this machine gives no loop devices.*modprobe loop.*$/);
    });
  }
});
