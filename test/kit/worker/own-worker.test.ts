import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ownWorker } from "../../../src/kit/worker/own-worker.ts";

describe("the worker that comes with the program", () => {
  it("is Windows' own PowerShell with the script beside the bundle", () => {
    expect(
      ownWorker("win32", "C:\\Program Files\\hyperv-csi\\hyperv-csi.mjs", "D:\\Windows", "worker.ps1"),
    ).to.deep.equal({
      program: "D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
      args: [
        "-NoLogo",
        "-NoProfile",
        "-NonInteractive",
        "-ExecutionPolicy",
        "Bypass",
        "-File",
        "C:\\Program Files\\hyperv-csi\\powershell\\worker.ps1",
      ],
    });
  });

  it("takes the usual directory of Windows where nobody tells another", () => {
    for (const root of [undefined, ""]) {
      expect(ownWorker("win32", "C:\\a.mjs", root, "worker.ps1")?.program).to.match(
        /^C:\\Windows\\System32\\/,
      );
    }
  });

  it("is none on other platforms", () => {
    for (const platform of ["linux", "darwin", "freebsd"] as const) {
      expect(ownWorker(platform, "/opt/hyperv-csi.mjs", undefined, "worker.ps1")).to.equal(undefined);
    }
  });

  it("names a script that there is", () => {
    expect(existsSync(join(import.meta.dirname, "../../../powershell/worker.ps1"))).to.equal(true);
  });
});
