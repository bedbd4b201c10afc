import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
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

export const hostSources = join(import.meta.dirname, "../../deploy/windows/service-host");

/**
 * Compiles the host of the Windows service, of which the compiler must have nothing to say.
 * @param probe a program of the tests that goes in with it and is started in its place: its file, and its class
 */
export async function compileHost(program: string, probe?: { file: string; main: string }): Promise<void> {
  const names = (await readdir(hostSources)).filter((name) => name.endsWith(".cs"));
  const sources = names.map((name) => join(hostSources, name));
  // C# 5 is what the .NET Framework's own compiler knows.
  const flags = ["-langversion:5", "-warn:4", "-warnaserror", "-target:exe", "-r:System.ServiceProcess.dll"];
  const start = probe === undefined ? [] : [`-main:${probe.main}`, probe.file];
  const { exitCode, all } = await execa("mcs", [...flags, `-out:${program}`, ...start, ...sources], {
    reject: false,
    all: true,
  });
  expect(all).to.equal("");
  expect(exitCode).to.equal(0);
}
