import { runAny } from "../../src/kit/run.ts";

/** For `before`: skips the suite on a machine that attaches no loop devices, and fails where all tests must run. */
export async function needsLoopDevices(this: Mocha.Context): Promise<void> {
  const reason = await whyNot();
  if (reason === undefined) return;
  if (process.env["CI"]) throw new Error(reason);
  console.log(`      skipped: ${reason}`);
  this.skip();
}

async function whyNot(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "loop devices and mounts need root";
  const { exitCode, stderr } = await runAny("losetup", ["--find"]);
  return exitCode === 0 ? undefined : `this machine gives no loop devices: ${stderr}`;
}
