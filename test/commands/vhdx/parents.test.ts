import { mkdir } from "node:fs/promises";
import { expect } from "chai";
import { parentsInside } from "../../../src/vhdx/index.ts";
import { contentOf, diskWith, writeRandom } from "../../vhdx/support/disks.ts";
import { temporaryDirectory } from "../../vhdx/support/temp.ts";
import { vhdx } from "./run-vhdx.ts";

describe("hyperv-csi vhdx, parents", function () {
  this.timeout(300_000);
  const path = temporaryDirectory();
  const child = () => path("children/child.avhdx");
  const allowed = () => ["--parent-dir", path("empty"), "--parent-dir", path("golden")];

  before(async () => {
    for (const name of ["golden", "children", "empty"]) await mkdir(path(name));
    await diskWith(path("golden/base.vhdx"), [[0, 4096]]);
    expect((await vhdx("create", "--parent", path("golden/base.vhdx"), child())).exitCode).to.equal(0);
    await writeRandom(child(), [[2 << 20, 4096]], parentsInside([path("golden")]));
  });

  it("outside the directory of the file are not opened, and the way to allow it is told", async () => {
    for (const [code, ...args] of [
      [1, "map", child()],
      [1, "resize", child(), "16M"],
      [1, "convert", "--to", "raw", child(), path("flat.raw")],
      [2, "diff", child(), child()],
    ] as const) {
      const { exitCode, stdout, stderr } = await vhdx(...args);
      expect({ exitCode, stdout }, args[0]).to.deep.equal({ exitCode: code, stdout: "" });
      expect(stderr).to.match(/^hyperv-csi vhdx: .*child\.avhdx: parent locator.*--parent-dir$/);
    }
    const checked = await vhdx("check", child());
    expect(checked.exitCode).to.equal(4);
    expect(checked.stdout).to.match(/error +parent locator/);
  });

  it("are found in each of the directories that are named", async () => {
    const map = await vhdx("map", "--json", ...allowed(), child());
    expect(map.exitCode, map.stderr).to.equal(0);
    expect((JSON.parse(map.stdout) as { depth: number }[]).map(({ depth }) => depth)).to.deep.equal([1, 0]);
    expect((await vhdx("check", ...allowed(), child())).exitCode).to.equal(0);
    const flat = await vhdx(
      "convert",
      "--json",
      ...allowed(),
      "--to",
      "fixed",
      child(),
      path("children/flat.vhdx"),
    );
    expect(JSON.parse(flat.stdout)).to.include({ type: "fixed", parentLocator: null });
    const content = await contentOf(child(), parentsInside([path("golden")]));
    expect((await contentOf(path("children/flat.vhdx"))).equals(content)).to.equal(true);
    const resized = await vhdx("resize", "--json", ...allowed(), child(), "16M");
    expect(JSON.parse(resized.stdout)).to.include({ file: child(), virtualSize: 16 << 20 });
  });

  it("that have changed since are told from missing ones", async () => {
    await vhdx("resize", path("golden/base.vhdx"), "9M");
    const { exitCode, stderr } = await vhdx("map", ...allowed(), child());
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/is not the parent or has changed/);
  });
});
