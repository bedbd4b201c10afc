import { chmod, mkdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { missingPrograms } from "../../src/kit/missing-programs.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("kit missing programs", () => {
  const path = temporaryDirectory();
  before(async () => {
    for (const directory of ["one", "two"]) await mkdir(path(directory));
    await writeFile(path("one", "hyperv-csi-a"), "");
    await chmod(path("one", "hyperv-csi-a"), 0o755);
    await writeFile(path("two", "hyperv-csi-b"), "");
    await chmod(path("two", "hyperv-csi-b"), 0o755);
    await writeFile(path("one", "hyperv-csi-plain"), "");
    await chmod(path("one", "hyperv-csi-plain"), 0o644);
  });

  it("are those that no directory of the search path has as a program", () => {
    const programs = ["hyperv-csi-a", "hyperv-csi-b", "hyperv-csi-plain", "hyperv-csi-none"];
    expect(missingPrograms(programs, `${path("one")}:${path("two")}`)).to.deep.equal(programs.slice(2));
    expect(missingPrograms(programs, path("two"))).to.deep.equal([
      "hyperv-csi-a",
      "hyperv-csi-plain",
      "hyperv-csi-none",
    ]);
    expect(missingPrograms(programs, "")).to.deep.equal(programs);
    expect(missingPrograms([], "")).to.deep.equal([]);
  });
});
