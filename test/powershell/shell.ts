import { missingPrograms } from "../../src/kit/missing-programs.ts";

const shells = ["pwsh", "powershell"];
const missing = missingPrograms(shells, process.env["PATH"] ?? "");

/** A PowerShell of this machine; undefined without one. */
export const shell = shells.find((program) => !missing.includes(program));

/** Nothing that can be installed here has a PowerShell: the first machine with one runs what needs it. */
export function skipWithoutShell(): void {
  it("run where there is a PowerShell", function () {
    console.log(`      skipped: neither ${shells.join(" nor ")} is installed here`);
    this.skip();
  });
}

/** A script run by that PowerShell, with variables in its environment. */
export function scriptCommand(script: string, environment: Readonly<Record<string, string>>) {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const options = ["-NoLogo", "-NoProfile", "-NonInteractive", "-File", script];
  return { program: "env", args: [...variables, shell ?? "", ...options] };
}
