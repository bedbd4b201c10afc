import { missingPrograms } from "../../src/kit/missing-programs.ts";

/** For `before`: skips a suite that compiles C# where nothing can, and fails where all must run. */
export function needsMono(this: Mocha.Context): void {
  const missing = missingPrograms(["mcs", "mono"], process.env["PATH"] ?? "");
  if (missing.length === 0) return;
  const reason = `the host of the Windows service needs ${missing.join(" and ")}, which is not installed here`;
  if (process.env["CI"]) throw new Error(reason);
  console.log(`      skipped: ${reason}`);
  this.skip();
}
