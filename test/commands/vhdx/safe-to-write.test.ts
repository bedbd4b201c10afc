import { execFileSync } from "node:child_process";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { openPool, type Pool } from "../../../src/agent/engine/pool/pool.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { diskWith } from "../../vhdx/support/disks.ts";
import { temporaryDirectory } from "../../vhdx/support/temp.ts";
import { vhdx } from "./run-vhdx.ts";

/** The commands that change a file that is there. */
const changes = (file: string) => [
  ["resize", file, "16M"],
  ["compact", file],
  ["check", "--repair", file],
];

describe("hyperv-csi vhdx, files in use", function () {
  this.timeout(300_000);
  const path = temporaryDirectory();

  describe("in a pool", () => {
    let pool: Pool | undefined;
    let volume = "";
    beforeEach(async () => {
      pool = await openPool({ name: "default", directory: path("pool") }, ["group"], "hyperv-csi agent");
      volume = pool.layout.disk("name", "id");
      await diskWith(volume, [[0, 4096]]);
    });
    afterEach(async () => {
      await pool?.close();
      await rm(path("pool"), { recursive: true });
    });

    it("are left to the agent that serves it, and named by what they lie in", async () => {
      const before = await readFile(volume);
      for (const change of changes(volume)) {
        const { exitCode, stderr, stdout } = await vhdx(...change);
        expect({ exitCode, stdout }, change[0]).to.deep.equal({ exitCode: 1, stdout: "" });
        expect(stderr).to.match(/in use by hyperv-csi agent \(pid \d+\): have the agent do this/);
      }
      expect((await readFile(volume)).equals(before), "the file is as it was").to.equal(true);
      expect((await vhdx("check", volume)).exitCode, "looking is free").to.equal(0);
    });

    it("are left alone under the names that attachments have, too", async () => {
      await mkdir(path("pool/.vms/a-vm"), { recursive: true });
      const attachment = path("pool/.vms/a-vm/id.vhdx");
      await link(volume, attachment);
      const { exitCode, stderr } = await vhdx("resize", attachment, "16M");
      expect(exitCode).to.equal(1);
      expect(stderr).to.contain("hyperv-csi agent");
    });

    it("can be changed when no agent runs, and one can start afterwards", async () => {
      await pool?.close();
      pool = undefined;
      for (const change of changes(volume)) expect((await vhdx(...change)).exitCode, change[0]).to.equal(0);
      pool = await openPool({ name: "default", directory: path("pool") }, ["group"], "the next agent");
    });
  });

  it("are not looked for in the lock file of another program", async () => {
    await mkdir(path("other"));
    await writeFile(path("other/.lock"), "precious");
    await diskWith(path("other/disk.vhdx"), [[0, 4096]]);
    expect((await vhdx("resize", path("other/disk.vhdx"), "16M")).exitCode).to.equal(0);
    expect(await readFile(path("other/.lock"), "utf8")).to.equal("precious");
  });

  describe("by a loop device", () => {
    before(needsLoopDevices);

    it("are refused under every name, also when the device's own is gone", async () => {
      await diskWith(path("first.vhdx"), [[0, 4096]], "fixed");
      await link(path("first.vhdx"), path("second.vhdx"));
      const device = execFileSync("losetup", ["--find", "--show", path("first.vhdx")], {
        encoding: "utf8",
      }).trim();
      try {
        const beside = await vhdx("resize", path("second.vhdx"), "16M");
        expect(beside.stderr).to.contain(`is attached as ${device}; detach it first`);
        await rm(path("first.vhdx"));
        for (const change of changes(path("second.vhdx"))) {
          const { exitCode, stderr } = await vhdx(...change);
          expect(exitCode, change[0]).to.equal(1);
          expect(stderr).to.contain(`is attached as ${device}; detach it first`);
        }
      } finally {
        execFileSync("losetup", ["--detach", device]);
      }
      expect((await vhdx("resize", path("second.vhdx"), "16M")).exitCode).to.equal(0);
    });
  });
});
