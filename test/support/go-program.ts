import { join } from "node:path";
import { execa } from "execa";

/** Where the Go programs of the tests are, each in a folder of its own. */
export const goTools = join(import.meta.dirname, "../tools");

/** For `before`: skips the suite on a machine that can't build a Go program of the tests, and fails where all must run. */
export function needsGoProgram(name: string): (this: Mocha.Context) => Promise<void> {
  return async function () {
    const reason = await whyNot(name);
    if (reason === undefined) return;
    if (process.env["CI"]) throw new Error(reason);
    console.log(`      skipped: ${reason}`);
    this.skip();
  };
}

async function whyNot(name: string): Promise<string | undefined> {
  const { code, exitCode, stderr } = await execa("go", ["build", "-o", "/dev/null", `./${name}`], {
    cwd: goTools,
    reject: false,
  });
  if (code === "ENOENT") return `${name} needs Go, which is not installed here`;
  return exitCode === 0 ? undefined : `${name} can't be built here: ${stderr.slice(-500)}`;
}
